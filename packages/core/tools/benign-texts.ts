/**
 * Honest texts of many kinds in ten languages, put together from sentences of our own by a seeded generator: what people write into
 * forms, searches, chats and editors, with all the apostrophes, dashes, brackets and words of SQL that come with it.
 */

/** Sentences; `{n}` is a number, `{p}` a person, `{t}` a thing. */
const SENTENCES: Readonly<Record<string, readonly string[]>> = {
  english: [
    '{p} said: "I\'d rather walk than wait for the {t}" -- and so we did.',
    "It's {n} o'clock; the {t} isn't here yet, is it?",
    "Select your {t} from the list, then drop it where you like.",
    "We can't update the {t} or delete it, because {p} has the only key.",
    "If you order by phone, {p} will group the {t}s by size (having fun while at it).",
    "Union members get {n}% off; others don't.",
    "Where is the {t}? Between the door and the window, like always.",
    "My {t}'s handle broke {n} times... or was it {n}?",
    'Insert the {t} into slot A, turn {n} degrees & press "OK".',
    "Rock 'n' roll isn't dead, {p}! Not since '{n}.",
    "From {p} with love: 1 {t}, {n} kisses, no regrets.",
    "Either {p} or {p}'s brother took the {t}; ask them both.",
    "The {t} costs $ {n}.99 (incl. VAT) -- cheaper than last year's.",
    "Is {n} > {n}? Depends on whom you ask: {p} says yes.",
    "Table for {n} at 7:30, name's {p}; we'd like the one by the window.",
    "Please execute the plan as agreed: first the {t}, then the {t}.",
    "Like it or not, the {t} is not null and void.",
    "This; that; and the other {t} -- all {n} of them.",
    "Chapter {n}: 'In which {p} loses the {t}'.",
    "P.S. don't forget: a = b doesn't mean the {t} is blue.",
    "Load the {t} file into the car and shut the boot.",
    "Script for tomorrow: {p} enters, alerts everyone, and exits left.",
    "Path to the cabin: up/down the hill, past ../ no wait, past the {t}.",
    "Sleep ({n} hours) is what {p} needs, and a {t}.",
    "Cat people & dog people agree; ping me at {n}.",
  ],
  german: [
    "{p} sagte: „Das {t} ist's nicht!“ – und ging.",
    "Bitte {n} Stück bestellen; Lieferung 'frei Haus' oder gar nicht?",
    "Wir hatten {n}/{n} Punkten, d.h. fast alles.",
    "Geht's noch? Der {t} von {p} (neu) ist weg!",
    "Und oder oder und: {p} weiß es nicht.",
  ],
  french: [
    "{p} n'a pas d'{t}, c'est l'évidence même.",
    "L'été, j'aime l'eau; l'hiver, le {t}.",
    "Aujourd'hui : {n} € au lieu de {n} € !",
    "Qu'est-ce que c'est qu'un {t} ? Demande à {p}.",
    "S'il te plaît, n'oublie pas l'adresse d'{p}.",
  ],
  spanish: [
    "¿Dónde está el {t} de {p}? ¡No lo sé!",
    "Son {n} euros; o sea, casi nada.",
    "El {t} (nuevo) llegó a las {n}:30.",
    "Dice {p}: «no hay {t} sin {t}».",
  ],
  italian: [
    "L'altro ieri {p} ha perso l'{t}.",
    "C'è un {t} all'angolo: costa {n} €.",
    "Dov'è {p}? Dall'altra parte, con l'amico.",
    "E' vero o no? {n} su {n} dicono di sì.",
  ],
  portuguese: ["O {t} d'{p} custa R$ {n},00.", "Não há {t}; há só {n} pães.", '{p} disse: "vamos?" e fomos.'],
  dutch: ["'s Ochtends drinkt {p} {n} koppen koffie.", "Zo'n {t} heb ik nog nooit gezien!", "Foto's van {p}: zie map {n}."],
  polish: ["{p} powiedział: „{t} jest już gotowy”.", "To kosztuje {n} zł, czyli niewiele.", "Nie ma {t}; jest tylko {p}."],
  turkish: ["{p}'nin {t} kayboldu; {n} gün oldu.", "Ankara'da {n} derece, İzmir'de {n}.", "'Evet' ya da 'hayır', {p}?"],
  russian: ["{p} сказал: «{t} уже здесь» — и ушёл.", "Цена — {n} руб.; доставка бесплатно.", "Это не {t}, а что-то другое (см. стр. {n})."],
  japanese: ["{p}さんの{t}は{n}円です。", "「{t}」を{n}個ください!", "{n}時に集合;遅れないで。"],
};

const PEOPLE = [
  "O'Neill",
  "D'Arcy",
  "Ann",
  "Mrs. L'Estrange",
  "Jean-Luc",
  "N'Golo",
  "Müller",
  "Søren",
  "José",
  "Chloë",
  'Bob "Bear" Hill',
  "Al's dad",
  "M'Baye",
  "Ng",
  "Drop-in Dan",
  "Selina",
  "Dr. And",
  "Null",
  "Ó Briain",
  "Van 't Hoff",
];
const THINGS = [
  "bench",
  "kettle",
  "union jack",
  "table",
  "select box",
  "script",
  "index",
  "cursor",
  "trigger",
  "view",
  "door-handle",
  '3/4" bolt',
  "shell",
  "sandwich",
  "bike",
  "procedure",
  "drop",
  "set",
  "case",
  "key",
];

/** Whole texts that are no prose. */
const SHAPES: readonly string[] = [
  '# Minutes of {n}/{n}\n\n* present: {p}, {p} & {p}\n* **decided**: buy the {t} (max. {n} €)\n\n> "fine by me" -- {p}\n',
  "1. mix {n} g flour & {n} ml milk;\n2. add 1/2 tsp salt -- don't stir!\n3. bake at {n}°C (or {n}°F) for {n}-{n} min",
  "re: {t} <no subject>\n\nHi {p},\n\nthanks for the {t}! I'd say it's a 9/10 :-)\n\n-- \n{p}\ntel. +49 (0)30 {n}-{n}",
  "if (x < {n}) { return x; } else { return x * {n}; }",
  "for (const item of list) total += item.price * {n};",
  "`git checkout -b {n}-fix` then `npm test` -- works on my machine",
  "| name | price |\n|---|---|\n| {t} | {n} |\n| {t} | {n} |",
  "a<b>c</b> is bold, a < b isn't",
  '<p>We have <strong>{n}</strong> new {t}s &amp; a <a href="https://shop.example/{n}?a=1&amp;b=2">sale</a>.</p><p>Yours, {p}</p>',
  '<ul><li>{t}</li><li>{p}\'s {t}</li></ul><p style="text-align:center">{n} left</p>',
  "[the {t}](https://example.org/wiki/{t}_({n})) and ![pic](./img/{n}.png)",
  "size: {n}x{n}cm; colour: red/blue; qty={n}",
  "lol {p} >:( brb <3 ;-) {n}!!! &c.",
  '"quoted, with comma",{n},\'single\',"it""s"\n"next",{n},\'row\',"{p}"',
  'title:"{t}" AND author:{p} NOT year:{n}',
  '{t} OR {t} -{t} "exact phrase" price:{n}..{n}',
  "https://www.example.com/{t}?id={n}&ref=mail#top",
  "C:\\Users\\Ann\\Documents\\{t} {n}.docx",
  "~/projects/{n}/README.md",
  "from {n}% to {n}%; i.e. (a+b)/2 = {n}",
  "f(x) = {n}x^2 + {n}x - {n}; f'(x) = 0 at x={n}",
  "@{p} #{n} see PR #{n}; cc @ann",
  "=SUM(A1:A{n}) gives {n}, not {n}",
  '{"size":{n},"note":"{p}\'s"}',
  "Note(ann): drop the old {t}; see #{n}",
  "SELECT tickets are sold out; UNION station is closed.",
  "5'{n}\" tall, {n}\" wide & 3' deep",
  "¡Hola! ¿Qué tal? — «bien» … {n}½",
  "::1 or 192.0.2.{n}? The docs say 2001:db8::{n}",
  "rgb({n}, {n}, {n}) / #a1b2c3; margin: 0 auto;",
  "Line one\r\nLine two: {p}\r\n\r\nSubject of the day: {t}",
  "Dear {p},\nto: the {t} committee\ncc: everyone\n\nYours",
];

/** A small generator of numbers: the same seed gives the same texts everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** `count` different texts. */
export function benignTexts(count: number, seed = 7): string[] {
  const random = generator(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const fill = (text: string): string =>
    text.replace(/\{[npt]\}/g, (slot) =>
      slot === "{n}" ? String(Math.floor(random() ** 3 * 2030)) : slot === "{p}" ? pick(PEOPLE) : pick(THINGS),
    );
  const languages = Object.keys(SENTENCES);
  const texts = new Set<string>();
  for (let tries = 0; texts.size < count && tries < count * 20; tries++) {
    if (random() < 0.35) texts.add(fill(pick(SHAPES)));
    else {
      const sentences = SENTENCES[random() < 0.4 ? "english" : pick(languages)]!;
      const length = 1 + Math.floor(random() ** 2 * 9);
      texts.add(Array.from({ length }, () => fill(pick(sentences))).join(random() < 0.2 ? "\n" : " "));
    }
  }
  return [...texts];
}
