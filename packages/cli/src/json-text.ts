/** JSON leaves the second set of control characters as they are, and some terminals obey them. */
export const escapeControls = (json: string): string =>
  json.replace(/[\u007f-\u009f]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
