import { CATALOGUE } from "../../../../host.ts";

// biome-ignore lint/style/noDefaultExport: Next takes pages and layouts from a file's default export.
export default function Page() {
  return (
    <main>
      <h1>Catalogue</h1>
      <ul>
        {CATALOGUE.map(({ id, name, price }) => (
          <li key={id}>
            {name}, {price}
          </li>
        ))}
      </ul>
    </main>
  );
}
