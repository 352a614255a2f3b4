/**
 * Expressions for template engines and expression languages, and lookups of logging libraries.
 *
 * @module
 */
import type { Hits, RuleTable } from "./hits.ts";
import { seek } from "./trigrams.ts";

export const TEMPLATE_RULES: RuleTable = {
  /**
   * `{{7*7}}`, `${1+1}`, `#{…}`, `<%= … %>`: arithmetic between template marks.
   *
   * Passes placeholders such as `{{ name }}`.
   *
   * Exempt fields for templates with arithmetic in them.
   */
  "template/arithmetic": [7, "Arithmetic inside template marks"],
  /**
   * `{{config…}}`, `__class__`, `getClass().forName`, `T(java…)`, `#context`: the way out of a template into the program; marks of several
   * engines in a row.
   *
   * Passes placeholders, loops and filters of ordinary templates.
   *
   * Exempt the template editor of administrators.
   */
  "template/escape": [9, "A template that leaves its sandbox"],
  /**
   * `${jndi:…}` and its nested spellings.
   *
   * Passes `${name}` and other placeholders.
   *
   * Exempt nothing.
   */
  "lookup/jndi": [10, "A lookup of Log4j"],
  /**
   * `<!--#exec cmd=…-->`, `<!--#include …-->`, `<esi:include …>`.
   *
   * Passes comments of HTML, blocks of editors (`<!-- wp:… -->`).
   *
   * Exempt a publishing interface that takes such pages.
   */
  "ssi/directive": [8, "A server side or edge side include"],
  /**
   * `<?php`, `<%…%>`, `<jsp:…`, `{php}`: program text for the server.
   *
   * Passes XML declarations, placeholders in angle brackets, the bytes of pictures and archives.
   *
   * Exempt theme editors, and fields into which people paste code.
   */
  "template/server-code": [8, "Program text in server page marks"],
};

const OPEN =
  /\{\$?smarty[._]|\{\{|\$\{|#\{|%\{|\*\{|@\{|<%|\{%|\[[[#]|\$\(|\{php|#(set|foreach|evaluate|parse|macro)\b|\{=|\{(if|math|eval|fetch)\s|^\{\d|~\{|@\(|\(#/;

const OUT =
  /\b(facescontext|pagecontext|externalcontext|servletcontext)\b|__(class|mro|bases?|subclasses|globals|builtins|import|init|dict|getattribute|reduce|self)__|["'][^"']{0,20}["']\s{0,4}[~+]\s{0,4}["']|\|\s{0,4}attr\s{0,4}\(|\bcycler\b|\bexpandenv\b|\bplugin\s"|\blipsum\b|\bjoiner\b|\bnamespace\b\s{0,4}[.(]|get_flashed_messages|url_for\s{0,4}\.|request\s{0,4}(\.|\[["'])\s{0,4}(application|args|environ|cookies|headers|form|values|__)|config\s{0,4}(\.|\[|\}|\|)|self\s{0,4}(\.|\[)_|\bself\s{0,4}\.\s{0,4}(_|env)|_self\b|registerundefined|getfilter|\|\s{0,4}(filter|map|sort|reduce|column)\s{0,4}\(\s{0,4}["'](system|exec|passthru|shell_exec|phpinfo)|(system|exec|passthru|shell_exec|popen|eval|phpinfo|assert|proc_open|file_get_contents|readfile|print)\s{0,4}\(|getclass\s{0,4}\(|\.class\b\.|\.forname\s{0,4}\(|getruntime|processbuilder|scriptengine|classloader|getmethod|\.invoke\s{0,4}\(|newinstance|freemarker|\?\s{0,4}(new|eval|api|interpret)\b|@java|\bt\s{0,4}\(\s{0,4}java|\bt\s{0,4}\(\s{0,4}org|#(context|_memberaccess|request|session|attr|parameters|rt|cmd|root|this|application)\b|@[\w.]{3,80}@|java\.(lang|util|io|net)|javax\.|org\.apache|param\s{0,4}\.|pagecontext|applicationscope|requestscope|sessionscope|\bconstructor\b|\$eval|\$on\b|tostring\s{0,4}\(|charat|fromcharcode|\.prototype|\bprocess\s{0,4}\.|require\s{0,4}\(|global\s{0,4}\.|child_process|file\s{0,4}\.\s{0,4}(open|read|exist)|io\s{0,4}\.\s{0,4}(popen|read)|kernel\s{0,4}\.|\bdir\s{0,4}\.\s{0,4}(entries|glob)|\benv\b\s{0,4}[.[]|`[^`]{1,80}`|%x\s{0,4}[({[|!/<]|\bos\s{0,4}\.\s{0,4}(popen|system|environ)|import\s{0,4}(os|\()|debug\b\s{0,4}(%|\})|load\s{0,4}(log|module)|\binclude\s{0,4}["'(]|\bdump\s{0,4}\(|settings\s{0,4}\.\s{0,4}secret|secret_key|\.getenv|stdin|range\s{0,4}\(\s{0,4}\d|system\s{0,4}\.\s{0,4}(diagnostics|io|net|reflection)|\$class\.inspect|["'][^"']{0,40}["']\s{0,4}\.\s{0,4}\w{2,20}\s{0,4}\(|\.\s{0,4}to(upper|lower)case\s{0,4}\(|\bapp\s{0,4}\.\s{0,4}(request|user|session|environment)|\bprint\s{1,4}["'\d]|\$smarty|\.(version|data_model|globals)\b|\b_context\b|\b(source|constant)\s{0,4}\(|getattribute\s{0,4}\(|systempropert|environment\s{0,4}\[|userprincipal|\.signer\b|dbms_|\balert\s{0,4}\(|\bsleep\s{0,4}\(/;

const ARITHMETIC =
  /^[\s"'([{]{0,6}-?["']?\d{1,20}["')\]]{0,3}\s{0,4}(\|\s{0,4}\w{1,20}\s{0,4})?(\*{1,2}|\+|-|\/|%|~|\^|x|<<)\s{0,4}[([]{0,3}-?["']?\d{1,20}["']?[\s)\]]{0,4}(\}|%>|\)|\]|$|\+|-|\*)/;

/** Scans one lower-case view. */
export function scanTemplates(lower: string, hits: Hits): void {
  const first = OPEN.exec(lower);
  if (first === null) return;
  expressions(lower, first.index, hits);
  jndi(lower, hits);
}

/** Elements of Edge Side Includes, which caches in front of a site carry out. */
const EDGE =
  /<esi:(include|inline|vars|debug|remove|try|attempt|except|choose|when|otherwise|assign|eval|function|text|foreach|comment)\b|<!--esi\b/;

/** Directives and page code need no template mark. */
export function scanServerCode(lower: string, hits: Hits): void {
  hits.found("ssi/directive", 100, EDGE.exec(lower));
  hits.found("ssi/directive", 100, seek(/<!--\s{0,4}#\s{0,4}(exec|include|echo|config|fsize|flastmod|printenv|set|if)\b/).exec(lower));
  const code =
    /<\?(php\b|=|\s{1,4}(system|eval|echo|passthru|exec|include|@|\$|phpinfo|print|assert|shell)|\s{0,4}$)|<%(?![a-z]\b)[@=!\s\w][^>]{0,400}|<jsp:(include|forward|usebean|scriptlet|declaration|expression|directive)|<script\s{1,4}(language\s{0,4}=\s{0,4}["']?(php|vbs|c#|jscript)|runat)|<cf(execute|file|include|query|output)\b|<@(assign|include|expression)|<#(assign|include|list|if)\b/.exec(
      lower,
    );
  if (code === null) return;
  // Pictures and archives hold every pair of bytes somewhere; program text is text.
  if (/[\u0000-\u0008\u000e-\u001f\ufffd]/.test(lower.slice(code.index, code.index + 16))) return;
  const strong = /\(|\$_|\d\s{0,4}[*+]\s{0,4}\d|@page|import|runtime|process|request|response|eval|system|echo|include|execute|="/.test(
    lower.slice(code.index, code.index + 500),
  );
  hits.add("template/server-code", strong ? 100 : 60, code.index, code.index + Math.min(code[0].length, 24));
}

/** Marks of several engines in a row: nobody writes for all of them but one who asks which it is. */
const MARKS = /([$#*@~]\{|\{\{|\{%|<%=?|\[%|\[\[|%\{){3}/;

function expressions(text: string, from: number, hits: Hits): void {
  hits.found("template/escape", 100, MARKS.exec(text));
  const php =
    /\{\/?php\}|\{\$?smarty[._]|\{if\s{1,4}!?[a-z_]{3,40}\s?\(|\{(math|eval|fetch)\s{1,4}(equation|var|file)\s?=|#(set|foreach|evaluate|parse|macro)\s{0,4}\(\s{0,4}[$'"]|\{%-?\s?[a-z]{2,20}\s['"]\/(etc|proc)\/|^(\{|\[[=%]|#|!\{)\s?\d{1,20}\s?\*\s?\d{1,20}\s?%?[\]}#]/.exec(
      text,
    );
  if (php !== null) hits.add("template/server-code", 100, php.index, php.index + 5);
  let seen = 0;
  for (let at = from; at < text.length && seen < 24; at++) {
    const code = text.charCodeAt(at);
    const next = text.charCodeAt(at + 1);
    const opens =
      (next === 123 && (code === 123 || code === 36 || code === 35 || code === 37 || code === 42 || code === 64 || code === 126)) ||
      (code === 60 && next === 37) ||
      (code === 123 && (next === 37 || next === 61)) ||
      (code === 91 && (next === 91 || next === 35)) ||
      (next === 40 && code === 64) ||
      (code === 40 && next === 35 && !(text.charCodeAt(at + 2) <= 57)) ||
      (code === 36 && next === 91);
    if (!opens) continue;
    seen++;
    let start = at + 2;
    while (start - at < 10 && (text.charCodeAt(start) === 61 || text.charCodeAt(start) === 123 || text.charCodeAt(start) === 45)) start++;
    const body = text.slice(start, start + 240);
    if (ARITHMETIC.test(body)) {
      const wiki = code === 91;
      hits.add("template/arithmetic", wiki ? 60 : 100, at, start + 8);
      continue;
    }
    const close =
      code === 60 || (code === 123 && next === 37)
        ? body.indexOf(">")
        : code === 91
          ? body.indexOf("]")
          : next === 40 || code === 40
            ? -1
            : body.indexOf("}");
    const inner = close < 0 ? body : body.slice(0, close + 1);
    const out = OUT.exec(inner.length < 24 ? inner : body);
    if (out !== null) hits.add("template/escape", next === 91 || code === 64 ? 70 : 100, at, start + out.index + out[0].length);
  }
}

/** `${jndi:ldap://…}`, also written with nested lookups: `${${lower:j}ndi:…}`, `${${::-j}${::-n}…`. */
function jndi(text: string, hits: Hits): void {
  const at = text.indexOf("${");
  // Some spellings put the dollar sign together with the bracket only after a first lookup.
  hits.found("lookup/jndi", 100, seek(/\{\s{0,4}jndi\s{0,4}:\s{0,4}(ldaps?|rmi|dns|nis|iiop|corba|nds|https?):/).exec(text));
  if (at < 0) return;
  const body = text.slice(at, at + 400);
  const plain = body.replace(/\$\{[a-z]{0,20}(?::[^:${}]{0,40}){0,3}:-?([^:${}]{0,20})\}/g, "$1");
  if (/\$\{\s{0,4}jndi\s{0,4}:/.test(plain) || /\$\{\s{0,4}jndi\s{0,4}:/.test(body)) hits.add("lookup/jndi", 100, at, at + 7);
  else if (
    /\$\{(\$\{|[a-z]{0,20}:[^}]{0,40}\$\{|::-|(lower|upper|env|sys|date|base64|main|ctx|java|docker|k8s|map|bundle|spring|event|marker|script|url|dns|const):[^}\s]{1,80}\})/.test(
      body,
    )
  )
    hits.add("lookup/jndi", 100, at, at + 8);
}
