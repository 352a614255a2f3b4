/**
 * Program code and serialised objects of server languages: PHP, Java, .NET, Python, Ruby, Perl, Node; React Flight and devalue payloads.
 *
 * @module
 */

import * as HAS from "./characters.ts";
import type { Hits, Place, RuleTable } from "./hits.ts";
import * as SAYS from "./meanings.ts";
import type { Survey } from "./survey.ts";
import { type Pattern, ruled, weighted } from "./trigrams.ts";

export const CODE_RULES: RuleTable = {
  /**
   * `system($_GET[…])`, `eval(base64_decode(`, `$_POST[0](…)`, `phpinfo()`, `memory_limit = …`, parameters called `_FILES[…]` or
   * `GLOBALS[…]`.
   *
   * Passes names of functions in prose, dollar amounts, calls in other words such as `system (solar)`.
   *
   * Exempt fields into which people paste PHP.
   */
  "code/php": [9, "PHP code"],
  /**
   * `java.lang.Runtime`, `getRuntime().exec`, `new ProcessBuilder`, OGNL, `class.module.classLoader`, packages of gadgets.
   *
   * Passes stack traces, names of exceptions, packages of applications such as `com.example.app`.
   *
   * Exempt endpoints that take crash reports or class names.
   */
  "code/java": [9, "Java classes or code"],
  /**
   * `O:8:"…":1:{`, `rO0AB`, `aced0005`, `AAEAAAD`, pickles, `!!python/object`, `@type`.
   *
   * Passes JSON, JWT, base64 of anything else.
   *
   * Exempt the one parameter in which a partner really sends serialised objects.
   */
  "code/serialised": [9, "A serialised object"],
  /**
   * `__import__('os')`, `os.system(`, `subprocess.`, `import os;`.
   *
   * Passes names of modules in prose.
   *
   * Exempt notebooks and code runners.
   */
  "code/python": [9, "Python code"],
  /**
   * `Process.Start(`, `System.Diagnostics`, `ObjectDataProvider`.
   *
   * Passes "system" and "process" in prose, names of namespaces of applications.
   *
   * Exempt endpoints that take crash reports.
   */
  "code/dotnet": [9, ".NET code or gadget classes"],
  /**
   * `Kernel.exec`, `IO.popen`, `open("|…")`, `system("…")` of Ruby and Perl.
   *
   * Passes the words without their brackets and quotes.
   *
   * Exempt code runners.
   */
  "code/script": [8, "Ruby or Perl code"],
  /**
   * References of React Flight and server actions to constructors, prototypes or modules: `$1:__proto__:then`, `vm#runInThisContext`.
   *
   * Passes ordinary Flight rows and form fields with a dollar sign.
   *
   * Exempt nothing: no application sends these.
   */
  "flight/reference": [10, "React Flight that reaches code"],
};

const PHP = weighted([
  // A variable called as a function, or looked up by a computed name, as the whole value.
  [
    /^\s{0,4}@?\$(?!\d|\((document|this|window)\b|now\()([$\w]{0,20}|\{[^}]{1,40}\})\s{0,4}(\/\*[^*]{0,20}\*\/)?([[{][^\]}]{0,40}[\]}]\s{0,4}){0,4}\(|^\$\s{1,20}\{|\$\{\s{0,4}["'][^"'}]{0,40}["']/,
    100,
  ],
  // A call as the whole value, comments between name and bracket included.
  [
    /(^|[;|&:]|\?>)\s{0,4}@?\(?["']?\s{0,4}(php(info|version)|exec|system|passthru|shell_exec|popen|eval|assert|unserialize|file_[gp][eu]t_contents|readfile|show_source|highlight_file|base64_decode|fopen|include|require)(?!\s{1,4}\(\s{0,4}[a-z]{2,20}[\s)])\s{0,4}["']?\)?\s{0,4}((\/\*[^*]{0,40}\*\/|(\/\/|#)[^\n]{0,40}\n)\s{0,4}){0,2}\([^\n]{0,80}\)\s{0,4};?\s{0,4}((\/\/|#)[^\n]{0,40})?$/,
    100,
  ],
  [
    /\$(\{\s{0,4}["']?)?(_(get|post|request|cookie|server|files|env|session)|globals)["']?\}?\s{0,4}(\[|\{|\))|\$http_(raw_post_data|\w{1,20}_vars)/,
    90,
  ],
  [/\$_(get|post|request|cookie|server|files|env|session)\b|\$globals\b/, 50],
  [
    /(^|[^\w.>$])(eval|assert|system|passthru|shell_exec|popen|proc_open|pcntl_exec|call_user_func(_array)?|create_function|preg_replace|array_map|array_filter|usort|uasort|register_shutdown_function|ob_start|include|require)(_once)?\s{0,4}(\/\*.{0,20}\*\/)?\((?!""\))\s{0,4}\\{0,2}(["'`$]|\w{1,40}\s{0,4}\(|base64|chr|\(|_get|_post|strrev|gz|str_rot13)/,
    85,
  ],
  [
    /(^|[^\w.>$])(phpinfo|php_uname|getcwd|get_current_user|get_defined_(vars|functions)|php(version|credits|_sapi_name)|getenv|allow_url_fopen|set_time_limit|ini_[gs]et|error_reporting|disk_free_space|show_source|highlight_file|scandir|glob|opendir|readfile|file_(get|put)_contents|f(sock)?open|move_uploaded_file|unserialize|base64_decode|gzinflate|gzuncompress|str_rot13|hex2bin|curl_exec|putenv|parse_str|extract|mb_ereg_replace|apache_\w{4,20}|simplexml_load_\w{4,6}|stream_\w{4,40}|mysqli?_\w{4,20}|parse_ini_file|php_strip_whitespace|file|die|exit|print_r|var_dump|strrev|chr|is_\w{3,20}|array_\w{3,20}|func_get_args?|session_\w{3,20}|posix_\w{3,20}|image\w{3,20}|zlib_\w{3,20}|[bg]zopen|readgzfile|tempnam|tmpfile|ftp_\w{3,20}|(un|sym)?link|rmdir|rename|touch|chown|chmod|mail|eval|exec|system|passthru|shell_exec|popen|proc_open|assert|create_function|call_user_func|preg_replace)\s{0,4}\(\s{0,4}(\)|["'`$\d]|\w{1,40}\s{0,4}[(),])/,
    45,
  ],
  [/(->|::)\s{0,4}\$\w{1,40}\s{0,4}\(|@\s{0,4}\$\w{1,40}\s{0,4}\(|^\s{0,4}\$\w{1,40}\s{0,4}\[\s{0,4}\$\w{1,40}\s{0,4}\[/, 100],
  // A function's name put together from strings, and called.
  [
    /(["']\w{0,20}["']\s{0,4}\.\s{0,4}){1,8}["']\w{0,20}["']\s{0,4}\)?\s{0,4}\(|^\s{0,4}\(\s{0,4}(string|array|object)\s{0,4}\)\s{0,4}["'{[].{1,80}\(/,
    100,
  ],
  [/[|&;`]\s{0,4}(system|passthru|shell_exec|popen|exec|phpinfo)\s{0,4}\(\s{0,4}[\w'"$]{0,40}\s{0,4}\)\s{0,4}[|&;`]/, 100],
  [
    /(^\s{0,4}|=)(system|passthru|shell_exec|popen|exec|eval|assert)\(\s{0,4}\\{0,2}['"]?[\w\s./-]{1,80}\\{0,2}['"]?\s{0,4}\)\s{0,4}[;\\]{0,2}\s{0,4}$/,
    100,
  ],
  // Classes of a framework named in a route; a call by reflection, by a list that is spread, or by a name that was put into a variable.
  [
    /\binvokefunction\b|\bnew\s{1,4}reflection(function|method|class)\b|\bcall_user_func_array\(\s?\[|\(\s?\.{3}(\$_|array_)|^\s?\$\w{1,20}\s?=\s?["'][^;]{1,80};\s?\$\w{1,20}\(|\\think\\(app|container|module|request|config|view)\b/,
    100,
  ],
  // Magic methods as a name or as the whole value: an object being put together.
  [/^\s{0,4}__(construct|destruct|call|wakeup|tostring|invoke)(\(\))?\s{0,4}$|["']__(construct|destruct|wakeup)(\(\))?["']\s{0,4}:/, 100],
  [/<\?(php|=)?\s{0,4}[\w@$`(/!{]/, 60],
  [
    /\$(?!\d)(\w{1,40}\s{0,4}(\[[^\]]{0,40}\]\s{0,4}){0,3}\(\s{0,4}(\$|["'\w)])|\{?["']?\w{0,20}["']?\}?\s{0,4}\()|\$\$\w{0,20}|\$\{[^}]{1,40}\}\s{0,4}(\[[^\]]{0,40}\]\s{0,4}){0,3}\(/,
    75,
  ],
  [
    /(^|[;"'.({}])\s{0,4}(print|echo|die|exit|var_dump|print_r|system|exec|phpinfo|passthru|shell_exec|eval|assert)\s{0,4}\(?\s{0,4}(md5|sha1|phpinfo|`|system|shell_exec|exec|passthru|phpversion|getcwd|base64_decode|php_uname|\$\(|\(?\d{2,20}\s{0,4}[*+-]\s{0,4}\d{2,20})/,
    100,
  ],
  [/(allow_url_(include|fopen)|auto_(prepend|append)_file|disable_functions|safe_mode|open_basedir|suhosin\.\w{4,20})\s{0,4}[=\s]/, 90],
  [/["')\]]\s?\.\s?(system|exec|passthru|shell_exec|phpinfo|eval|print|file_get_contents|md5|sleep)\(/, 100],
  [
    /\(\s{0,4}["'](s["'\s.]{0,6}y["'\s.]{0,6}s["'\s.]{0,6}t["'\s.]{0,6}e["'\s.]{0,6}m|phpinfo|passthru|exec|shell_exec|assert|eval)["']\s{0,4}\)\s{0,4}\(|["'](system|phpinfo|passthru|exec|shell_exec|assert)["']\s{0,4}\(/,
    100,
  ],
]);

/** A setting of PHP's configuration, given a value. */
const INI_SETTING =
  /^\s{0,4}(php_(admin_)?(value|flag)\s{1,4})?(memory_limit|extension(_dir)?|zend_extension|error_log|log_errors|display_errors|upload_tmp_dir|sendmail_path|include_path|doc_root|user_dir|short_open_tag|unserialize_max_depth|cgi\.\w{3,20}|(opcache|mbstring|pdo_\w{2,20}|zend|xdebug|ffi|hard_timeout|url_rewriter|phar|suhosin|pcre)\.[\w.]{2,40}|session\.(save|upload|use|cookie|gc|auto|serialize)_\w{2,40})\s{0,4}=/;
/** A call of what reaches the system as the whole value, whatever the argument. */
const WHOLE_CALL =
  /^\s{0,4}@?(chr|exec|system|passthru|fopen|popen|proc_open|assert_options|filegroup|fileowner|filectime|fileinode|pcntl_exec|dl|highlight_file|ini_restore|unpack|file)([^\S ]{1,4}|\s{2,4})?\(\s{0,6}[\w$."'\\][^\n]{0,80}\)\s{0,4};?\s{0,4}$|^\s{0,4}@?(file|assert_options|getenv|ini_get_all|get_loaded_extensions)\s{0,6}\(\s{0,6}\)\s{0,4};?\s{0,4}$/;

/** `(…)('uname')`: something computed is called with a command. */
const CALLED_COMMAND =
  /[)\]]\s{0,4}(\{[^}]{0,40}\}\s{0,4}|\/\*[^*]{0,40}\*\/\s{0,4})?\(\s{0,4}["']?(uname|id|ls|whoami|hostname|cat\s|pwd|dir|ipconfig|phpinfo)\b/;

/** Packages whose classes deserialisers and expression languages are led to. */
const GADGETS =
  /\b(cn\.hutool\.core\.|com\.(sun\.(org|rowset|jndi|tools|image|net)|opensymphony\.xwork2?|alibaba\.(fastjson|druid)|fasterxml\.jackson|mchange|zaxxer|ibatis|caucho|tangosol|bea\.|oracle\.|thoughtworks|ibm\.|newrelic|nqadmin|pastdev|p6spy|trilead)|org\.(apache\.(commons|catalina|tomcat|struts2?|xalan|xbean|ibatis|shiro|log4j|logging|openjpa|aries|cocoon|axis|velocity|bcel|ignite|hadoop)|springframework(?!\.web\.servlet\.i18n)|codehaus\.groovy|hibernate|mozilla\.javascript|omg\.corba|jboss|python\.core|javassist|h2\.|reflections|omnifaces|jruby|slf4j)|(jdk\.)?nashorn\.|sun\.(misc|reflect|rmi|net)|oracle\.(jdbc|jms|toplink|ucp)|freemarker\.|ognl\.|bsh\.|clojure\.|net\.sf\.(ehcache|json)|br\.com\.anteros|ch\.qos\.logback|groovy\.(lang|util)|xstream)[\w.$]{0,80}/;

const JAVA = weighted([
  [/\bjava\.(runtime|processbuilder)\b|\bprocessbuilder(\.\w|\(["'{])|\bruntime\.getruntime\b/, 100],
  [
    // What a stack trace begins with is no class to reach for.
    /\b(?!java\.(lang|io|util|net|nio|sql)\.([a-z]{1,20}\.){0,2}[a-z]{0,40}(exception|error)\b)javax?\.(lang|io|util|net|nio|security|sql|beans|rmi|script|naming|management|xml|swing|el|imageio|crypto)\.[a-z.]{0,80}[a-z]/,
    100,
  ],
  [
    /\b(getruntime|processbuilder|scriptenginemanager|getdeclaredmethod|memberaccess|ognlcontext|ognlutil|methodaccessor|valuestack|actioncontext|staticmethodaccess|denymethodexecution|(get(system)?|url)?classloader|unmarshaller|xmldecoder|objectinputstream|transformingcomparator|(invoker|chained|constant)transformer|templatesimpl|badattributevalueexp|jndilookup|jdbcrowset\w{0,4}|hashmap\$\w|lookupref|defineclass|runtime\.exec|servletactioncontext|bshmethod|groovyshell|nashorn|jexlengine|velocityengine|spelexpressionparser|standardevaluationcontext)\b/,
    80,
  ],
  // Settings of a database driver that run a script or load a class; management beans by their address; a string that runs itself.
  [
    /\bjdbc:[a-z\d]{2,20}:\S{0,200}(init\s?=|runscript|autodeserialize|interceptors=|socketfactory|allowloadlocalinfile|loggerfile)|\bjolokia\/(exec|write)\/|\b(com\.sun\.management|jmimplementation|java\.lang):type=|\breloadbyurl\b|jndiloginmodule|@grab(resolver|config)?\(|\basttest\(|["'\]]\s{0,4}\.\s{0,4}execute\s{0,4}\(\s{0,4}\)/,
    100,
  ],
  [GADGETS, 75],
  [
    /\bclass\s{0,4}\.\s{0,4}(module\s{0,4}\.\s{0,4})?classloader|class\[["']?classloader|classloader\s{0,4}\.\s{0,4}(resources|parent|urls)/,
    100,
  ],
  [/\bnew\s{1,4}(java|javax|org|com)\.|\bsystem\s{0,4}\.\s{0,4}(getproperty|getenv|exit|loadlibrary)\s{0,4}\(/, 90],
  [
    /@type["']?\s{0,4}:\s{0,4}["'][a-z]\w{0,20}\.[\w.$]{4}|%\{\s{0,4}\(?\s{0,4}#|\(#\w{1,40}\s{0,4}=|#_memberaccess\b|#(context|rt|cmd|iswin|p\b|req|ros|dm|ct|ou|wr)\s{0,4}[=.[]|\bredirect(action)?\s{0,4}:\s{0,4}[$%]\{/,
    100,
  ],
]);

const OTHER = ruled<keyof typeof CODE_RULES & string>([
  ["code/serialised", /(^|[\s;{}|:="'])[oc]:\+?\d{1,4}:["\\]{0,2}[\w\\]{1,80}["\\]{0,2}:\+?\d{1,4}:\{?/, 100],
  ["code/serialised", /(^|[\s="'])a:\d{1,4}:\{[iso]:/, 55],
  [
    "code/serialised",
    /\bro0ab[x-z\d+/q]|\baced0005|\xac\xed\x00\x05|aaeaaad\/{3}|yv66vg|cos\nsystem|c__builtin__|cposix\nsystem|(!!|,2002:)(python\/(object|module|name)|javax?\.|com\.|org\.|ruby\/)|!ruby\/(object|hash|struct)|\u0004\u0008o:|tc_object|__viewstate=\/wep.{10}["']/,
    100,
  ],
  [
    "code/serialised",
    /_\$\$nd_func\$\$_|\$\$nd_func|"__js_function"|\{"(py\/(object|reduce)|\$type)"\s{0,4}:|"\$type"\s{0,4}:\s{0,4}"system\./,
    100,
  ],
  [
    "code/python",
    /__import__\s{0,4}\(|\bos\s{0,4}\.\s{0,4}(system|popen|exec[luv]\w{0,3}|spawn\w{0,4}|listdir|environ|remove)\b\s{0,4}[([]|\bsubprocess\s{0,4}\.\s{0,4}(popen|call|run|check_output|getoutput)|\bimport\s{1,4}(os|subprocess|socket|pty|sys)\s{0,4}(;|,|\n|$)|\bpickle\s{0,4}\.\s{0,4}loads?|compile\s{0,4}\(\s{0,4}["'].{0,80}["']\s{0,4},\s{0,4}["'].{0,20}["']\s{0,4},\s{0,4}["']exec/,
    85,
  ],
  // From an object to its class, and on to what a sandbox hides.
  [
    "code/python",
    /__(class|init|bases?|mro|dict|self)__["'\])]{0,3}\s{0,4}[.[(,]{1,2}\s{0,4}["']?(__(?!name|doc|qualname|module|init__\()|open)|__(globals|subclasses|builtins)__(["'\])]{0,2}\s{0,4}[.[(]|["'\])]{0,2}$)|\bf_(globals|builtins)\b/,
    100,
  ],
  [
    "code/dotnet",
    /\bprocess\s{0,4}\.\s{0,4}start\s{0,4}\(\s{0,4}["'@]|createobject\s{0,4}\(\s{0,4}["']|\bwscript\s{0,4}\.\s{0,4}shell\b|\bobjectdataprovider\b|\.gettype\(\)\s?\.\s?(assembly|module)|\bpsobject\b.{0,40}\bclixml\b/,
    100,
  ],
  [
    "code/dotnet",
    /\bsystem\.(diagnostics|io\.(file|directory)|net\.|reflection|windows\.data|runtime\.|management\.|web\.|activator|appdomain)|process\s{0,4}\.\s{0,4}start\s{0,4}\(|processstartinfo|\bresponse\s{0,4}\.\s{0,4}write\s{0,4}\(|server\s{0,4}\.\s{0,4}(createobject|mappath|execute)\s{0,4}\(|httpcontext\s{0,4}\.\s{0,4}current|typeconfusedelegate|windowsidentity|activitysurrogate/,
    90,
  ],
  [
    "code/script",
    /\bkernel\s{0,4}\.\s{0,4}(exec|system|open|spawn|fork|`)|\bio\s{0,4}\.\s{0,4}(popen|read|sysopen)\s{0,4}\(?|\bfile\s{0,4}\.\s{0,4}(read|open|expand_path)\s{0,4}\(?\s{0,4}["']\/|(^|[^\w])open\s{0,4}\(\s{0,4}["']\s{0,4}\||\.\s{0,4}(constantize|instance_eval|class_eval|public_send|send)\s{0,4}\(\s{0,4}[:"']|\bqx\s{0,4}[({/]|\b(system|popen|os\.execute)\s{0,4}\(\s{0,4}["'][a-z]/,
    80,
  ],
  ["code/script", /\b(io\.popen|os\.execute|redis\.p?call|system\.cmd)\s?\(\s?["'\w]|\(\?\??\{\s?\w/, 100],
  [
    "flight/reference",
    /(^|["'])\$\d{1,4}:(__proto__|constructor|then|_\w{1,20})|["']\$(b|f|q|@)\d{0,6}:?(constructor|__proto__)|:constructor:constructor|"_(prefix|formdata|response|chunks)"\s{0,4}:|\bresolved_model\b|\$action_\w{0,40}:[^"']{0,40}(constructor|__proto__|child_process|vm#|fs#)/,
    100,
  ],
]);

/** A frame of a stack trace of Java or .NET, to the end of its brackets: to Groovy, too, `at x.y()` would be a call. */
const FRAME =
  /(^|\n)[ \t]{0,8}at ([\w.$/<>]{3,200}\(([\w$-]{1,80}\.(java|kt|scala|groovy)(:\d{1,6})?|native method|(unknown source|sourcefile)(:\d{1,6})?)|(system|microsoft)\.[\w.]{3,200}\([\w .,[\]]{0,200})\)(?=\s|$)/g;

const withoutFrames = (text: string): string =>
  text.includes("\n") && text.includes("at ") ? text.replace(FRAME, (frame) => " ".repeat(frame.length)) : text;

/** Scans one lower-case view. */
export function scanCode(view: string, survey: Survey, place: Place, hits: Hits): void {
  const { characters, words } = survey;
  const lower = withoutFrames(view);
  if (
    (characters & HAS.dollar) !== 0 &&
    (characters & HAS.paren) !== 0 &&
    /^\s{0,4}@?\$/.test(lower) &&
    (characters & (HAS.slash | HAS.hash)) !== 0
  ) {
    // Comments between a variable and its brackets.
    const bare = lower.slice(0, 400).replace(/\/\*[^*]{0,80}\*\/|(\/\/|#)[^\n]{0,80}\n/g, "");
    if (/^\s{0,4}@?\$(?!\d)\w{1,40}\s{0,4}([[{][^\]}]{0,40}[\]}]\s{0,4}){0,4}\(/.test(bare)) hits.add("code/php", 100, 0, 8);
  }
  if (
    lower.length < 160 &&
    (((characters & HAS.equals) !== 0 && INI_SETTING.test(lower)) || ((characters & HAS.paren) !== 0 && WHOLE_CALL.test(lower)))
  )
    hits.add("code/php", 100, 0, Math.min(lower.length, 40));
  // A module of Node and one of its functions, as the address of a server action.
  if (
    (characters & HAS.hash) !== 0 &&
    lower.length < 80 &&
    /^(node:)?(vm|fs|child_process|module|process|os|net|http|util|worker_threads)(\/\w{1,20})?#[\w$.]{2,40}$/.test(lower)
  )
    hits.add("flight/reference", 100, 0, lower.length);
  if ((characters & HAS.paren) !== 0 && CALLED_COMMAND.test(lower)) hits.add("code/php", 100, 0, 8);
  if ((characters & HAS.dollar) !== 0 || ((words & SAYS.php) !== 0 && (characters & (HAS.paren | HAS.equals | HAS.less)) !== 0))
    best("code/php", PHP, lower, hits);
  else if (
    lower.includes("__construct") ||
    lower.includes("\\think\\") ||
    lower.includes("__destruct") ||
    ((characters & HAS.paren) !== 0 && /["'][ \t]{0,3}\.[ \t]{0,3}["']|^\s{0,4}\(\s{0,4}string/.test(lower))
  )
    best("code/php", PHP, lower, hits);
  if (
    (words & SAYS.java) !== 0 ||
    lower.includes("(#") ||
    lower.includes("@type") ||
    lower.includes("@grab") ||
    lower.includes(".execute(")
  )
    scanJava(lower, hits);
  const serialised =
    (characters & (HAS.colon | HAS.digit)) === (HAS.colon | HAS.digit) && (characters & (HAS.doubleQuote | HAS.brace)) !== 0;
  if (
    !serialised &&
    (words & SAYS.other) === 0 &&
    !/ro0ab|aced0005|aaeaaad|\$\$|yv66|__|\bf_|\u00ac\u00ed/.test(lower) &&
    !((characters & HAS.dollar) !== 0 && (characters & HAS.colon) !== 0)
  )
    return;
  // A value that is one call of its own, with something to call it with; without, people look it up.
  const isCall = lower.endsWith(")") && (characters & (HAS.quote | HAS.doubleQuote)) !== 0;
  for (const [rule, pattern, weight] of OTHER) {
    const found = pattern.exec(lower);
    if (found !== null)
      hits.add(
        rule as `${string}/${string}`,
        place === "file" ? weight / 2 : isCall && found.index === 0 ? 100 : weight,
        found.index,
        found.index + Math.min(found[0].length, 60),
      );
  }
}

/** First characters of serialised objects in base64 and hexadecimal: Java, .NET, a Java class, a view state that holds one, pickles, objects of Ruby. */
const MAGIC = /^(rO0AB|aced0005|AAEAAAD|yv66vg|cafebabe0000|\/wEy|gA[SW]V.{1,3}A{5}|gA[JN]j|gAN|BAh([vjVl]|b..[M-P89+/]))/;

/** True for a value, as sent, that begins like a serialised object in base64 or hexadecimal. */
export const isMagic = (text: string): boolean => text.length >= 12 && MAGIC.test(text);

/** Class names need no bracket, so they are looked for in plain dotted words too. */
export function scanJava(view: string, hits: Hits): void {
  const lower = withoutFrames(view);
  // A value or name that is nothing but the name of a gadget's package is one being delivered.
  if (lower.length < 120 && /^\s{0,4}[\w.$]{6,200}\s{0,4}$/.test(lower) && GADGETS.test(lower)) hits.add("code/java", 100, 0, lower.length);
  best("code/java", JAVA, lower, hits);
}

/** The strongest of several patterns in full and the next one by half. */
export function best(rule: `${string}/${string}`, patterns: readonly (readonly [Pattern, number])[], text: string, hits: Hits): void {
  let score = 0;
  let second = 0;
  let at = 0;
  let end = 0;
  for (const [pattern, weight] of patterns) {
    const found = pattern.exec(text);
    if (found === null) continue;
    if (weight > score) {
      second = score;
      score = weight;
      at = found.index;
      end = found.index + Math.min(found[0].length, 60);
    } else if (weight > second) second = weight;
  }
  if (score > 0) hits.add(rule, Math.min(100, score + second / 2), at, end);
}
