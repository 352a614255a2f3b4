/** The alias has no types of its own; what the tests use is the same in both versions. */
declare module "express4" {
  export { default } from "express";
}
