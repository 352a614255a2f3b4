/**
 * The accounts that honest visitors own.
 *
 * @module
 */
import { users } from "../../shop/seed.ts";

/** E-mail address and password of the `number`th customer; the shop's ten customers take turns. */
export function customerLogin(number: number): { readonly email: string; readonly password: string } {
  const customers = users.filter((user) => user.role === "customer").slice(0, 10);
  const { email, password } = customers[number % customers.length]!;
  return { email, password };
}
