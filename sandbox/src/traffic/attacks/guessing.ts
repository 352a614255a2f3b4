import { createAuthor, type Draft, encode } from "./draft.ts";

/** Passwords tried one after another by one client: many for one account, or known pairs for many accounts. */
export function guessingAttacks(): Draft[] {
  return [
    ...bruteForce("form-noah", "form", "noah.klein@mail.example", "sunshine1", 60, 150),
    ...bruteForce("json-maria", "json", "maria.silva@mail.example", "caipirinha", 61, 150),
    ...bruteForce("form-george", "form", "george.adeyemi@mail.example", "dragonfly", 75, 150),
    ...bruteForce("json-lars", "json", "lars.berg@mail.example", "fjordvik2021", 100, 150),
    ...stuffing("leak-a", "form", 22),
    ...stuffing("leak-b", "json", 25),
    ...stuffing("leak-c", "form", 31),
    ...stuffing("leak-d", "json", 38),
  ];
}

type Door = "form" | "json";

const words = ["summer", "winter", "dragon", "monkey", "letmein", "princess", "football", "shadow", "master", "flower", "pepper", "ginger"];

/** A guess that people make: a word, a year or number, now and then a capital or a sign. */
function guess(index: number): string {
  const word = words[index % words.length] ?? "";
  const capital = index % 3 === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : word;
  return `${capital}${[index, 1990 + (index % 35), `${index}!`, ""][index % 4]}`;
}

function bruteForce(name: string, door: Door, email: string, password: string, place: number, count: number): Draft[] {
  const knock = createKnock("brute-force", door, `brute-force-${name}`);
  return Array.from({ length: count }, (_, index) => (index + 1 === place ? knock(email, password, true) : knock(email, guess(index))));
}

/** Pairs as they come out of somebody else's leak: most accounts do not exist here, and one password was used twice. */
function stuffing(name: string, door: Door, place: number): Draft[] {
  const knock = createKnock("credential-stuffing", door, `stuffing-${name}`);
  const first = ["anna", "ben", "carla", "dimitri", "elena", "farid", "greta", "hugo", "ines", "jonas"];
  return Array.from({ length: 40 }, (_, index) => {
    if (index + 1 === place) return knock("ivy.chen@mail.example", "p<3bubble-tea", true);
    const email = `${first[index % first.length]}.${String.fromCharCode(97 + (index % 26))}${name.slice(-1)}${index}@mail.example`;
    return knock(email, guess(index * 7 + name.length));
  });
}

/** `right`: the one request of the run that must not succeed, and the only one whose success could be seen. */
type Knock = (email: string, password: string, right?: boolean) => Draft;

function createKnock(attackClass: "brute-force" | "credential-stuffing", door: Door, scenario: string): Knock {
  const { form, json } = createAuthor(attackClass);
  return (email, password, right = false) => {
    const extra = right ? ({ scenario, oracle: "password-found" } as const) : { scenario, expectDirect: 401 };
    return door === "form"
      ? form("/login", `email=${encode(email)}&password=${encode(password)}`, { ...extra, from: "chrome" })
      : json("/api/login", { email, password }, { ...extra, from: "okhttp" });
  };
}
