import type { FileTree } from "./file-tree.ts";
import { secrets } from "./secrets.ts";
import { runToyShell } from "./shell.ts";

const textLimit = 2000;
const expressionLimit = 300;

/**
 * Renders text the way a server that compiles visitors' words as a template would, for the tags of the usual engines: `{{ }}`, `${ }`,
 * `#{ }`, `*{ }`, `<%= %>`, `@( )`. A toy: arithmetic, text repetition, a few walks through objects, and calls that reach the toy shell.
 * Nothing is evaluated by the runtime. Unknown expressions vanish, as they do in the lenient engines.
 */
export function renderToyTemplate(template: string, files: FileTree): string {
  const tags =
    /\{\{([^{}]{1,300}(?:\{[^{}]{0,100}\}[^{}]{0,100})?)\}\}|[$#*]\{([^{}]{1,300})\}|<%[=-]?([^%]{1,300})%>|@\(([^()]{1,300})\)/g;
  return template.slice(0, textLimit).replace(tags, (_tag, ...groups: unknown[]) => {
    const expression = groups.slice(0, 4).find((group) => typeof group === "string");
    return evaluateToy(String(expression).trim().slice(0, expressionLimit), files);
  });
}

function evaluateToy(expression: string, files: FileTree): string {
  const shellCall = /(?:popen|system|exec|execSync|getRuntime\(\)\.exec|passthru|shell_exec|check_output)\s*\(\s*(['"])([^'"]*)\1/.exec(
    expression,
  );
  if (shellCall !== null) return runToyShell(shellCall[2] ?? "", files).output;
  const filtered = /^\[\s*(['"])([^'"]*)\1\s*\]\s*\|\s*(?:filter|map)\s*\(\s*['"](?:system|passthru|exec)/.exec(expression);
  if (filtered !== null) return runToyShell(filtered[2] ?? "", files).output;
  const opened = /(?:open|readFileSync|file_get_contents|File\.read|include|source)\s*\(\s*(['"])([^'"]*)\1/.exec(expression);
  if (opened !== null) return new TextDecoder().decode(files.read(opened[2] ?? "") ?? new Uint8Array());
  const repeated = /^(\d{1,4})\s*\*\s*(['"])([^'"]{0,40})\2$|^(['"])([^'"]{0,40})\4\s*\*\s*(\d{1,4})$/.exec(expression);
  if (repeated !== null) return (repeated[3] ?? repeated[5] ?? "").repeat(Math.min(Number(repeated[1] ?? repeated[6]), 100));
  const walked = walkScope(expression);
  if (walked !== undefined) return walked;
  const value = calculate(expression);
  return value === undefined ? "" : String(value);
}

/** The few objects a template can see. */
function walkScope(expression: string): string | undefined {
  const path = expression
    .replace(/\[\s*['"]?(\w+)['"]?\s*\]/g, ".$1")
    .replace(/\s*\|\s*\w+$/, "")
    .trim();
  if (/^(?:this\.|self\.|global\.|app\.|request\.application\.)?(?:config|settings)\.(?:secret|SECRET_KEY|secret_key)$/.test(path))
    return secrets.template;
  if (/^(?:config|settings|self\.config|config\.items\(\))$/.test(path)) return `{'DEBUG': True, 'secret': '${secrets.template}'}`;
  if (/^(?:global\.)?process\.env(?:\.\w+)?$/.test(path)) return `SHOP_SECRET=${secrets.environment}`;
  if (/^(?:''|""|\(\)|\[\]|x|self|request)?\.?__class__(?:\.__(?:mro|base|bases)__.*)?$/.test(path)) return "<class 'make-believe.object'>";
  if (path === "name") return "friend";
  return undefined;
}

/** Arithmetic with + - * / % and parentheses over numbers, as a toy engine knows it; `undefined` when the text is anything else. */
function calculate(expression: string): number | undefined {
  const tokens = expression.match(/\d+(?:\.\d+)?|[-+*/%()]|\S/g) ?? [];
  let at = 0;
  let bad = tokens.length === 0;

  function factor(): number {
    const token = tokens[at];
    at += 1;
    if (token === "-") return -factor();
    if (token === "(") {
      const value = sum();
      if (tokens[at] !== ")") bad = true;
      at += 1;
      return value;
    }
    if (token === undefined || !/^\d/.test(token)) {
      bad = true;
      return 0;
    }
    return Number(token);
  }
  function product(): number {
    let value = factor();
    while (!bad && (tokens[at] === "*" || tokens[at] === "/" || tokens[at] === "%")) {
      const operator = tokens[at];
      at += 1;
      const right = factor();
      value = operator === "*" ? value * right : operator === "/" ? value / right : value % right;
    }
    return value;
  }
  function sum(): number {
    let value = product();
    while (!bad && (tokens[at] === "+" || tokens[at] === "-")) {
      const minus = tokens[at] === "-";
      at += 1;
      const right = product();
      value = minus ? value - right : value + right;
    }
    return value;
  }
  const value = sum();
  return bad || at < tokens.length ? undefined : value;
}
