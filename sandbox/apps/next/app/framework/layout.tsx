import type { ReactNode } from "react";

export const metadata = { title: "Catalogue" };

// biome-ignore lint/style/noDefaultExport: Next takes pages and layouts from a file's default export.
export default function Layout({ children }: { readonly children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
