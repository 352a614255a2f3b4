/** One account of the shop. Passwords are stored as they are: that is one of the shop's weaknesses. */
export interface SeedUser {
  readonly id: number;
  readonly email: string;
  readonly name: string;
  readonly password: string;
  readonly role: "customer" | "staff" | "admin";
}

/** The accounts of a fresh shop. Normal traffic logs in as customers; attacks are after the two others. */
export const users: readonly SeedUser[] = [
  { id: 1, email: "admin@harbour-pine.example", name: "Shop Admin", password: "Tr0mboneLantern!84", role: "admin" },
  { id: 2, email: "piet@harbour-pine.example", name: "Piet Vermeer", password: "warehouse-7-North", role: "staff" },
  { id: 3, email: "ana.kovac@mail.example", name: "Ana Kovač", password: "green-Kayak-19", role: "customer" },
  { id: 4, email: "tom.oneill@mail.example", name: "Tom O'Neill", password: "select*from*Dublin", role: "customer" },
  { id: 5, email: "yuki.tanaka@mail.example", name: "Yuki Tanaka", password: "momiji & maple 3", role: "customer" },
  { id: 6, email: "lars.berg@mail.example", name: "Lars Berg", password: "fjordvik2021", role: "customer" },
  { id: 7, email: "maria.silva@mail.example", name: "María Silva", password: "caipirinha", role: "customer" },
  { id: 8, email: "noah.klein@mail.example", name: "Noah Klein", password: "sunshine1", role: "customer" },
  { id: 9, email: "fatima.haddad@mail.example", name: "Fatima Haddad", password: "Jasmine#Tea#44", role: "customer" },
  { id: 10, email: "ivy.chen@mail.example", name: "Ivy Chen", password: "p<3bubble-tea", role: "customer" },
  { id: 11, email: "george.adeyemi@mail.example", name: "George Adeyemi", password: "dragonfly", role: "customer" },
  { id: 12, email: "sofia.rossi@mail.example", name: "Sofia Rossi", password: "Vespa-1966-rosso", role: "customer" },
];

/** What the `users` table holds as the hash of a password: a recognisable stand-in, not a digest of anything. */
export function passwordHash(user: Pick<SeedUser, "id">): string {
  return `$shop$v1$${(user.id * 2654435761).toString(16).padStart(12, "0")}$c0ffee`;
}

/** One thing for sale. `released` false: hidden from every page, so that seeing it proves an injection. */
export interface SeedProduct {
  readonly id: number;
  readonly name: string;
  readonly category: "outdoor" | "kitchen" | "books" | "garden";
  readonly priceCents: number;
  readonly description: string;
  readonly released: boolean;
}

/** The catalogue of a fresh shop. Ids 1 to 24 are for sale; 90 and 91 are not announced yet. */
export const products: readonly SeedProduct[] = [
  product(1, "Enamel mug “Harbour”", "kitchen", 1450, "Steel, 350 ml, chips proudly."),
  product(2, "Pine cutting board", "kitchen", 3900, 'End grain, 40 × 28 cm (16" × 11").'),
  product(3, "Trail lantern 300 lm", "outdoor", 5450, "Runs 40 h on low; USB-C & AA cells."),
  product(4, "Wool blanket, undyed", "outdoor", 8900, "From sheep we know by name."),
  product(5, "O'Reilly's Field Guide to Tides", "books", 2200, "Spring, neap <and> everything between."),
  product(6, "Herb planter, set of 3", "garden", 2750, "Fired clay; drainage holes included."),
  product(7, "Folding saw", "outdoor", 4150, "Japanese pull teeth, 24 cm."),
  product(8, "Moka pot, 6 cups", "kitchen", 3300, "Aluminium. Not for induction -- sorry!"),
  product(9, "The Union of Salt & Bread", "books", 1900, "Recipes; select chapters from five coasts."),
  product(10, "Copper watering can", "garden", 6400, "1.5 l, rose removable."),
  product(11, "Dry bag 20 l", "outdoor", 2950, "Rolls, clips, floats."),
  product(12, "Linen apron", "kitchen", 3550, "Two pockets; fits all."),
  product(13, "Knots; a handbook", "books", 1650, "From bowline to sheet bend, step by step."),
  product(14, "Pruning shears", "garden", 3100, "Bypass, left- and right-handed."),
  product(15, "Thermos 1 l", "outdoor", 3750, "24 h hot / 36 h cold."),
  product(16, "Cast iron skillet 26 cm", "kitchen", 4950, "Seasoned twice."),
  product(17, "Drop everything & paddle", "books", 2100, "A year in a sea kayak."),
  product(18, "Seed box: pollinators", "garden", 1200, "12 native flowers."),
  product(19, "Merino beanie", "outdoor", 2600, "One size. 100 % wool."),
  product(20, "Salt cellar, olive wood", "kitchen", 1850, "Lid turns on a brass pin."),
  product(21, "1 = 1: a primer in logic", "books", 2400, "For curious people aged 12 and up."),
  product(22, "Compost thermometer", "garden", 2050, "50 cm probe, −10 to 90 °C."),
  product(23, "Camp stove, spirit", "outdoor", 4700, "Brass burner; boils 0.5 l in 7 min."),
  product(24, "Gift card", "books", 2500, "For people who can't decide."),
  { ...product(90, "UNRELEASED Driftwood lamp", "garden", 19900, "Not announced before spring."), released: false },
  { ...product(91, "UNRELEASED Storm jacket", "outdoor", 28900, "Not announced before autumn."), released: false },
];

function product(id: number, name: string, category: SeedProduct["category"], priceCents: number, description: string): SeedProduct {
  return { id, name, category, priceCents, description, released: true };
}
