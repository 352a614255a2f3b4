import Link from "next/link";

// biome-ignore lint/style/noDefaultExport: Next takes pages and layouts from a file's default export.
export default function Page() {
  return (
    <main>
      <h1>About</h1>
      <p>A guest book behind a firewall.</p>
      <Link href="/">Guest book</Link>
    </main>
  );
}
