/**
 * Injections into query languages that are not SQL: NoSQL, LDAP, XPath, GraphQL; XML entities; prototype pollution.
 *
 * @module
 */

import * as HAS from "./characters.ts";
import type { Hits, Place, RuleTable } from "./hits.ts";
import * as SAYS from "./meanings.ts";
import type { Survey } from "./survey.ts";
import { isWordCode } from "./text.ts";
import { seek } from "./trigrams.ts";

export const DATA_RULES: RuleTable = {
  /**
   * `user[$ne]=`, `{"$gt": ""}` as a whole value or below a credential, `$where` anywhere, `user__password__startswith=`.
   *
   * Passes comparing operators below members named `where`, `filter`, `query`, and in bodies of search interfaces; `$oid`, `$date` and
   * other extended JSON.
   *
   * Exempt an interface that hands filters on under other names.
   */
  "nosql/operator": [8, "An operator of a document database"],
  /**
   * `' || this.password.match(…)`, `db.users.find(`, `'; return true`, `g.V().drop()`.
   *
   * Passes "this" and "return" in prose.
   *
   * Exempt consoles of databases.
   */
  "nosql/script": [8, "Script for a document database"],
  /**
   * `*)(uid=*))(|(uid=*`, `)(cn=`: a value that closes a filter and opens another.
   *
   * Passes complete filters as a builder sends them, distinguished names, brackets in prose.
   *
   * Exempt the search field of a directory tool.
   */
  "ldap/filter": [8, "An LDAP filter that is closed"],
  /**
   * `' or count(//*)=1`, `']|//user[`, `/*[local-name()=`.
   *
   * Passes whole paths as tools of the browser show them.
   *
   * Exempt test recorders that send paths of elements.
   */
  "xpath/expression": [7, "A value that leaves an XPath predicate"],
  /**
   * `<!ENTITY … SYSTEM …>`, parameter entities, external DTDs, entities built of entities.
   *
   * Passes document types of HTML, SVG and Apple's property lists, DTD files named without a host.
   *
   * Exempt an import that really takes documents with entities; have its parser refuse external ones.
   */
  "xxe/entity": [9, "An external or nested XML entity"],
  /**
   * `<xi:include`, `xop:Include` of anything but a part of the message, `<?xml-stylesheet`, `xsl:value-of select="system-property…`; calls of
   * XML-RPC that make the server fetch an address or try many logins at once (`pingback.ping`, `system.multicall`).
   *
   * Passes `cid:` references of attachments.
   *
   * Exempt an endpoint for style sheets.
   */
  "xxe/include": [8, "XML that includes documents"],
  /**
   * `__proto__`, `constructor.prototype` as a name, `__proto__` as the whole of a JSON value.
   *
   * Passes `constructor` and `prototype` as names by themselves.
   *
   * Exempt nothing: no application needs these names.
   */
  "prototype/pollution": [8, "A name that reaches a prototype"],
  /**
   * Documents nested 30 deep, selections or fragments inside themselves, a field aliased or repeated 30 times, hundreds of directives, batches of
   * 50, questions about the schema, and password hashes asked for of users.
   *
   * Passes `__typename`, fragments, batches of a few operations, passwords as arguments.
   *
   * Exempt the endpoint of an explorer of the schema, or of code generation, outside production.
   */
  "graphql/abuse": [6, "GraphQL that overloads or maps"],
};

const OPERATORS =
  /^\$(ne|eq|gte?|lte?|in|nin|not|nor|or|and|exists|type|mod|regex|options|text|where|all|elemmatch|size|expr|function|jsonschema|accumulator|lookup|unionwith|out|merge|comment|rand|near|within|geo\w{0,20}|bit\w{0,20}|func|slice|meta|set|unset|inc|push|pull|rename)$/;

/** Members whose value is a secret or names a person: an operator below one of these is a login bypass, not a filter. */
const CREDENTIALS = /(user|login|mail|pass|pwd|token|secret|code|otp|pin|key|session|account|auth)\w{0,20}(\[\d{1,3}\])?\.\$/;

const SECRET = /pass|pwd|token|secret|otp|\bpin\b|api_?key|session/;

/** How mappers of objects ask for a part of a text, as members of JSON. */
export const LOOKUP = /^(contains|(starts|ends)With)$/;

/** A secret of a record, and a question that is true for a part of it: asked often enough, the secret is known. */
const SECRET_LOOKUP =
  /(p(ass)?w(or)?d|secret|(api|access|auth|reset|refresh|session)\w{0,20}(token|key))_?(hash)?(__|\]\[|\.)\$?(i?((starts|ends)_?with|contains|like|regex)|[gl]te?)(\]|$)/i;

/** Scans where a member stands, or the name of a parameter that is made of several. */
export function scanLookup(path: string, hits: Hits): void {
  hits.found("nosql/operator", 100, SECRET_LOOKUP.exec(path.slice(-200)));
}

/** Scans a parameter or member name (lower case). `fromJson`: the name was a member of a JSON body, and `pathOf` leads to it, empty when
 * the operator is all that the value holds. */
export function scanName(name: string, pathOf: () => string, fromJson: boolean, hits: Hits): void {
  if (name.length > 512) return;
  if (/^(_(files|get|post|server|session|cookie|env|request)|globals)\[/.test(name)) hits.add("code/php", 100, 0, name.length);
  // A render array of Drupal.
  if (/\[#\w{2,40}\]/.test(name)) hits.add("code/php", 100, 0, name.length);
  const proto = name.indexOf("__proto__");
  if (proto >= 0) hits.add("prototype/pollution", 100, proto, proto + 9);
  else if (/constructor[\].["']{1,4}prototype/.test(name)) hits.add("prototype/pollution", 100, 0, name.length);
  if (!name.includes("$")) return;
  if (fromJson) {
    if (!OPERATORS.test(name)) return;
    const path = pathOf();
    const runs = name === "$where" || name === "$function" || name === "$accumulator" || name === "$unionwith";
    const compares = /^\$(ne|gte?|lte?|n?in|regex|exists|not|nor|elemmatch|expr)$/.test(name);
    // A filter in the address or in a field of a form, except where the interface calls it `where` and means it, or `filter` and bounds something.
    const filter =
      compares &&
      /^(query|body):(?!\$|where\.)/.test(path) &&
      !(/^.{4,5}:(filters?|query|criteria|selector)\./.test(path) && /^\$(gte?|lte?|in)$/.test(name));
    hits.add(
      "nosql/operator",
      runs || filter || (compares && (path === "" || CREDENTIALS.test(path))) ? 100 : compares ? 55 : 20,
      0,
      name.length,
    );
    return;
  }
  // Interfaces that offer filters name them: there, comparing is what the operators are for, except of secrets.
  if (/^(where|filters?|query|criteria|populate)\[/.test(name) && !/\$(where|function|accumulator|expr)\b/.test(name) && !SECRET.test(name))
    return;
  const bracket = /[[.]\s{0,4}["']?(\$\w{2,20})["']?\s{0,4}(?:\]|$|\[|=|\.)/.exec(name);
  if (bracket !== null && OPERATORS.test(bracket[1]!)) hits.add("nosql/operator", 100, bracket.index, name.length);
}

/** Scans one lower-case view. */
export function scanDataFormats(lower: string, survey: Survey, place: Place, hits: Hits): void {
  const { characters, words } = survey;
  // A list that names it is how formats with references spell a member.
  if (place === "json" && lower === "__proto__") hits.add("prototype/pollution", 100, 0, lower.length);
  if ((characters & HAS.brace) !== 0 && (lower.includes("__type") || lower.includes("__schema"))) {
    // Sent bare, as an address or as a body without a type, a question about the schema is still one.
    hits.found(
      "graphql/abuse",
      100,
      seek(/\bfragment\s{1,8}\w{1,40}\s{1,8}on\s{1,8}__(type|schema|field|inputvalue)\b|^[\s\w{(]{0,80}__schema\s{0,4}\{/).exec(lower),
    );
  }
  if (lower.includes("$")) {
    // A variable of a GraphQL document is declared with a type behind its name: `$size: Int`.
    const nosql = seek(
      /([{[]|,(?!\s{0,4}\$\w{1,20}\s{0,4}:\s{0,4}\[{0,2}[a-z_]\w{0,80}[\]!]{0,5}\s{0,4}[,)=@$]))\s{0,4}["']?\$(ne|gte?|lte?|nin|in|regex|where|exists|or|not|elemmatch|expr|func|size|comment)["']?\s{0,4}:|["']\s{0,4},\s{0,4}["']?\$(where|or|ne|gt)["']?\s{0,4}:|\$where\s{0,4}(=|:(?!\s{0,4}\[{0,2}[a-z_]\w{0,80}[\]!]{0,5}\s{0,4}[,)=@$]))/,
    ).exec(lower);
    if (nosql !== null) hits.found("nosql/operator", place === "json" && lower.length > 400 ? 60 : 100, nosql);
  }
  // Gremlin.
  hits.found("nosql/script", 100, /^\s{0,4}g\.[ve]\(/.exec(lower));
  // Cypher and AQL: out of a string, and the rest commented away.
  if (lower.includes("//"))
    hits.found(
      "nosql/script",
      100,
      seek(
        /^[^'"`]{0,80}['"`][\s\]})]{1,4}(x?or|and|return|match|detach|delete|call|load|with|set|union|for|remove)\b[^\n]{0,400}\/\/\s{0,4}$/,
      ).exec(lower),
    );
  // A filter as the text of an argument, as GraphQL sends it: names with a full stop or a dollar sign are paths and operators of a store.
  if ((characters & HAS.doubleQuote) !== 0)
    hits.found(
      "nosql/operator",
      100,
      seek(/[({,]\s{0,4}\w{1,40}\s{0,4}:\s{0,4}"\{\s{0,4}\\"(\$\w{1,20}|[\w-]{1,40}\.[\w.-]{1,80})\\"\s{0,4}:/).exec(lower),
    );
  const script =
    ((words & SAYS.document) !== 0 && /this\s?[.[]|db\s?\.|return[\s(]|while\s?\(/.test(lower)) || lower.includes("==")
      ? /(^|\|\||&&|;|==|!=|\(|return|\{)\s{0,4}!?\s{0,4}this\s{0,4}(\.\s{0,4}\w{1,40}|\[["'])\s{0,4}([.=!<>)]|$|\[|\/)|["'\d]\s{0,4};\s{0,4}return(\s{1,4}|\s{0,4}\()(true|1|\(|this|'|"|object\.)|\bdb\s{0,4}\.\s{0,4}\w{1,40}\s{0,4}\.\s{0,4}(find|insert|update|remove|drop|count|aggregate|mapreduce|runcommand|getcollection)\w{0,20}\s{0,4}\(|["']\s{0,4}(\|\||&&)\s{0,4}["'\d][^\n]{0,20}["'\d]?\s{0,4}={2,3}\s{0,4}["'\d]|;\s{0,4}while\s{0,4}\(\s{0,4}(true|1)\s{0,4}\)|new\s{1,4}date\s{0,4}\(\s{0,4}\)\s{0,4};\s{0,4}do\b|==\s{0,4}["']?\s{0,4}(\|\||&&)\s{0,4}["']?\w{1,20}["']?\s{0,4}==/.exec(
          lower,
        )
      : null;
  if (script !== null)
    hits.add(
      "nosql/script",
      /;\s{0,4}(return|while)|\bdb\s?\.|match\s{0,4}\(|\.\s{0,4}(find|password|username)/.test(lower) ? 100 : 90,
      script.index,
      script.index + script[0].length,
    );
  if ((characters & HAS.paren) !== 0 || (characters & HAS.star) !== 0) ldap(lower, hits);
  const xpath =
    (words & SAYS.xpath) !== 0 || lower.includes("::") || lower.includes("//") || lower.includes("/*")
      ? /["'\]]\s{0,4}(\||or|and)\s{0,6}\(?\s{0,4}(\.?\/\/|string\s{0,4}\(|count\s{0,4}\(|string-length\s{0,4}\(|name\s{0,4}\(|local-name|substring\s{0,4}\(|contains\s{0,4}\(|starts-with\s{0,4}\(|position\s{0,4}\(|last\s{0,4}\(|not\s{0,4}\()|\/\*\s{0,4}\[|child::|descendant(-or-self)?::|parent::node|ancestor::|following-sibling::|\/{1,2}\w{0,20}\[\s{0,4}(position\s{0,4}\(|last\s{0,4}\(|\d{1,3}\s{0,4}\]\/|starts-with|contains\()|doc\s{0,4}\(\s{0,4}(concat|["'][\w./-]{1,80}\.xml)|\bor\s{1,4}(name|local-name|count)\s{0,4}\(/.exec(
          lower,
        )
      : null;
  if (xpath !== null) {
    // A whole path, and a quote that ends what another one began, as in the filters of OData: neither leaves anything.
    const whole =
      /^\s{0,4}\/{1,2}\w/.test(lower) ||
      (/^["']/.test(xpath[0]) && lower.slice(0, xpath.index).split(lower[xpath.index]!).length % 2 === 0);
    hits.found("xpath/expression", whole ? 50 : 100, xpath);
  }
  if (lower.includes("proto")) {
    // A path of members, as functions that set one take it: alone it is the name of a member, which a person may look for.
    const path = /(^|[/.\]'"])(__proto__|constructor["'\]]{0,2}[./[]["']?prototype)["'\]]{0,2}([./[]["']?\w|$)/.exec(lower);
    if (path !== null && lower !== "__proto__" && !/\s/.test(lower)) hits.found("prototype/pollution", 100, path);
    else if (place !== "json" && seek(/__proto__|constructor\s{0,4}[[.]\s{0,4}["']?prototype/).test(lower))
      hits.add("prototype/pollution", 80, 0, Math.min(lower.length, 24));
  }
}

/** A value that closes the filter it was put in. A complete, balanced filter is what a directory tool sends. */
function ldap(text: string, hits: Hits): void {
  const found =
    /\)\s{0,4}\(\s{0,4}([&|!]|[a-z]{1,40}\s{0,4}([~<>]?=|:))|\*\s{0,4}\)\s{0,4}[()&|]|\(\s{0,4}[|&!]\s{0,4}\(\s{0,4}[a-z]{1,40}\s{0,4}[~<>]?=|^\s{0,4}\*\s{0,4}\)|\)\s{0,4}\(\s{0,4}[|&]\s{0,4}$|%00$|\*\)\s{0,4}\(/.exec(
      text,
    );
  if (found === null) return;
  let depth = 0;
  let lowest = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 40) depth++;
    else if (code === 41 && --depth < lowest) lowest = depth;
  }
  const attribute =
    /\b(uid|cn|sn|ou|dc|mail|objectclass|userpassword|password|samaccountname|memberof|user|username|name|department|gid(number)?|pager|givenname|id)\s{0,4}[~<>]?=/.test(
      text,
    );
  if (lowest < 0)
    hits.found("ldap/filter", attribute || /\*\s{0,4}\)|[|&!]\s{0,4}\(|\(\s{0,4}[|&]|[:<>]=|=\*/.test(text) ? 100 : 40, found);
  else if (attribute && depth === 0) hits.found("ldap/filter", 45, found);
  else if (attribute) hits.found("ldap/filter", 100, found);
}

/** Scans XML text, declared or recognised (lower case). */
export function scanXml(lower: string, hits: Hits): void {
  const doctype = lower.indexOf("<!doctype");
  const entity = lower.indexOf("<!entity");
  if (entity >= 0) {
    const body = lower.slice(entity, entity + 400);
    const external = /<!entity\s{1,6}(%\s{0,6})?[\w.:-]{0,80}\s{1,6}(system|public)/.test(body);
    let nested = 0;
    for (let at = entity; at >= 0 && nested < 8; at = lower.indexOf("<!entity", at + 8)) nested++;
    hits.add("xxe/entity", external || nested > 3 || !/<!entity\s{1,6}ns_/.test(body) ? 100 : 40, entity, entity + 8);
  } else if (doctype >= 0) {
    const body = lower.slice(doctype, doctype + 300);
    if (
      /<!doctype\s{1,6}[\w:.-]{1,80}\s{1,6}(system|public)\s{1,6}(["'][^"']{0,200}["']\s{0,6}){0,1}["'](?!https?:\/\/(www\.|java\.|docs\.|xml\.|dtd\.)?(w3|apple|sun|worldpay|oasis-open|cxml|musicxml|hibernate|jcp|springframework)\.(org|com|net)\/)(https?|ftp|file|php|gopher|jar|data|netdoc|\\\\|\/\/)/.test(
        body,
      )
    )
      hits.add("xxe/entity", 100, doctype, doctype + 9);
    else if (/\[[^\]]{0,200}%\s{0,4}[\w.-]{1,40};/.test(body)) hits.add("xxe/entity", 90, doctype, doctype + 9);
    else if (/\ssystem\s{1,4}["'](?!about:legacy-compat|[^"']{0,200}\.dtd["'])/.test(body))
      hits.add("xxe/entity", 100, doctype, doctype + 9);
    else if (/\ssystem\s/.test(body)) hits.add("xxe/entity", 45, doctype, doctype + 9);
  }
  const include = seek(
    /<(xi:)?include\s{1,6}[^>]{0,200}href\s{0,4}=|<[\w-]{1,20}:include\s{1,6}[^>]{0,200}href\s{0,4}=\s{0,4}["']?(file|https?|ftp|php|jar|gopher):|\.w3\.org\/2001\/xinclude|<\?xml-stylesheet(?![^>]{0,80}(text\/css[^>]{0,80}|href="[\w-]{1,40}\.xslt?"\s?\?)>\s{0,4}<\w)|xsl:(value-of|script|variable|include|import|copy-of)[^>]{0,80}(system-property|document\s{0,4}\(|unparsed-text|php:function|java:|msxsl)|<(msxsl:script|objectdataprovider\b)|xmlns:(php|java|rt|ob|jv)\s{0,4}=\s{0,4}["'](http:\/\/(php|xml\.apache))|xslt\/java/,
  ).exec(lower);
  if (include !== null) hits.found("xxe/include", 100, include);
  hits.found("xxe/include", 100, seek(/<methodname>\s{0,8}(pingback\.ping|system\.multicall)\s{0,8}</).exec(lower));
}

/** Deeper selections than any screen shows. */
const DEPTH_MAX = 30;
/** Aliases of one document, and of one field with selections of its own. */
const ALIASES_MAX = 400;
const SAME_FIELD_MAX = 30;
/** The same field or directive in a row, and directives of one document. */
const REPEATED_MAX = 30;
/** A field inside of itself, as in `products { id products { id …`: trees of comments go down three or four. */
const RECURSION_MAX = 6;

/** Offset of the last character of the string that opens at `at`: what it holds is no selection, whatever it looks like. */
function stringEnd(text: string, at: number): number {
  if (text.startsWith('"""', at)) {
    let end = text.indexOf('"""', at + 3);
    while (end >= 0 && text.charCodeAt(end - 1) === 92) end = text.indexOf('"""', end + 3);
    return end < 0 ? text.length : end + 2;
  }
  let end = at + 1;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === 92) end++;
    else if (code === 34 || code === 10) break;
  }
  return end;
}

/** Fragments of one document that are looked at for leading back to themselves. */
const FRAGMENTS_MAX = 64;

/** True when a fragment spreads itself, directly or through others. */
function circles(lower: string): boolean {
  const spreads = new Map<string, readonly string[]>();
  for (const piece of lower.split(/\bfragment\s{1,8}/, FRAGMENTS_MAX).slice(1)) {
    // A fragment ends where its bracket closes.
    let depth = 0;
    let end = 0;
    for (; end < piece.length && end < 4096; end++) {
      const code = piece.charCodeAt(end);
      if (code === 123) depth++;
      else if (code === 125 && --depth === 0) break;
    }
    const own = piece.slice(0, end).match(/\.{3}\s{0,4}(?!on\b)\w{1,80}/g) ?? [];
    spreads.set(
      /^\w{0,80}/.exec(piece)![0],
      own.map((spread) => spread.slice(3).trim()),
    );
  }
  for (const first of spreads.keys()) {
    const reached = new Set([first]);
    for (const name of reached)
      for (const next of spreads.get(name) ?? []) {
        if (next === first) return true;
        if (spreads.has(next)) reached.add(next);
      }
  }
  return false;
}

/** True for what begins like a GraphQL document. */
export const isGraphql = (text: string): boolean => /^\s{0,8}(query|mutation|subscription|fragment|\{)/.test(text);

/** Scans a GraphQL document (lower case). One pass; keeps the open selections, at most {@link DEPTH_MAX}, and a count for each aliased field. */
export function scanGraphql(lower: string, hits: Hits): void {
  const open: string[] = [];
  const aliased = new Map<string, number>();
  let aliases = 0;
  let brackets = 0;
  let word = "";
  let behindColon = false;
  let repeated = 0;
  let directives = 0;
  for (let at = 0; at < lower.length; at++) {
    const code = lower.charCodeAt(at);
    if (code === 34) {
      at = stringEnd(lower, at);
    } else if (code === 35) {
      const end = lower.indexOf("\n", at);
      if (end < 0) break;
      at = end;
    } else if (isWordCode(code)) {
      const from = at;
      while (at + 1 < lower.length && isWordCode(lower.charCodeAt(at + 1))) at++;
      if (brackets > 0) continue;
      const before = word;
      word = lower.slice(from, Math.min(at + 1, from + 80));
      repeated = word === before ? repeated + 1 : 0;
      if (behindColon && open.length > 0) aliased.set(word, (aliased.get(word) ?? 0) + 1);
      behindColon = false;
    } else if (code === 40) brackets++;
    else if (code === 64 && brackets === 0) directives++;
    else if (code === 41) brackets--;
    else if (brackets > 0) continue;
    else if (code === 58) {
      behindColon = true;
      if (open.length > 0) aliases++;
    } else if (code === 123) {
      open.push(word);
      let same = 0;
      for (const name of open) if (name === word) same++;
      if (open.length > DEPTH_MAX || (word !== "oftype" && word !== "" && same >= RECURSION_MAX)) {
        hits.add("graphql/abuse", 100, 0, 16);
        break;
      }
      word = "";
    } else if (code === 125) open.pop();
    if (aliases > ALIASES_MAX || repeated > REPEATED_MAX || directives > 4 * REPEATED_MAX) {
      hits.add("graphql/abuse", 100, 0, 16);
      break;
    }
  }
  if (lower.includes("...") && circles(lower)) hits.add("graphql/abuse", 100, 0, 16);
  for (const count of aliased.values()) if (count >= SAME_FIELD_MAX) hits.add("graphql/abuse", 100, 0, 16);
  hits.found(
    "graphql/abuse",
    100,
    seek(/\b__type\W{1,80}name\b|\bfragment\s{1,8}\w{1,40}\s{1,8}on\s{1,8}__(type|schema|field|inputvalue)\b/).exec(lower),
  );
  const secret = seek(
    /\b(users?|accounts?|admins?|customers?|members?|employees?|people|persons?|profiles?|logins?|viewer|me)\b\s{0,4}(\([^()]{0,200}\)\s{0,4})?\{[^{}]{0,400}?(^|[\s,:{])(password|passwd|password_?(hash|digest|salt)|hashed_?password|secret_?key|api_?secret|totp_?secret|two_?factor_?secret)\s{0,4}[\s,}]/,
  ).exec(lower);
  // A stored password is of use to nobody who may see it.
  if (secret !== null && /^[\s\w]{0,80}\{/.test(lower)) hits.found("graphql/abuse", 100, secret);
  if (lower.includes("__schema"))
    hits.add(
      "graphql/abuse",
      seek(/__schema\b[^}]{0,200}(types?\b|directives)/).test(lower) ? 100 : 40,
      lower.indexOf("__schema"),
      lower.indexOf("__schema") + 8,
    );
}
