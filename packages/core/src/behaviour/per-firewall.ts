import type { Services } from "../types.ts";

/** State that each firewall has of its own, whoever shares the detector: made when first asked for, and gone with the firewall. */
export function perFirewall<State>(create: (services: Services) => State): (services: Services) => State {
  const states = new WeakMap<Services, State>();
  let lastServices: Services | undefined;
  let lastState: State | undefined;
  return (services) => {
    if (services === lastServices) return lastState as State;
    let state = states.get(services);
    if (state === undefined) {
      state = create(services);
      states.set(services, state);
    }
    lastServices = services;
    lastState = state;
    return state;
  };
}
