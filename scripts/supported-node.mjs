// Which versions of Node the packages support, read from `engines`. Plain JavaScript without dependencies: `run.mjs` asks before anything is installed.

/** The lowest versions that a range like `^22.20.0 || ^24.11.0 || >=26` names, each with whether later majors belong to it. Throws for any other kind. */
function parts(range) {
  return range.split("||").map((part) => {
    const found = /^(\^|>=)(\d+)(?:\.(\d+)(?:\.0)?)?$/.exec(part.trim());
    if (found === null) throw new Error(`engines.node has a part that is neither ^MAJOR.MINOR.0 nor >=MAJOR: ${JSON.stringify(part)}`);
    return { isOpen: found[1] === ">=", major: Number(found[2]), minor: Number(found[3] ?? 0) };
  });
}

/** True when a version such as `22.20.1` is in the range. */
export function isSupported(version, range) {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return parts(range).some((part) => (major === part.major && minor >= part.minor) || (part.isOpen && major > part.major));
}

/** The range as documents say it: `22.20, 24.11, 26 or newer`. */
export function spokenRange(range) {
  return `${parts(range)
    .map(({ major, minor }) => (minor === 0 ? major : `${major}.${minor}`))
    .join(", ")} or newer`;
}
