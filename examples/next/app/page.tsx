import { revalidatePath } from "next/cache";
import Link from "next/link";
import { entries, sign } from "../lib/entries";

export const dynamic = "force-dynamic";

async function submit(form: FormData): Promise<void> {
  "use server";
  const text = form.get("text");
  if (typeof text === "string" && text.trim() !== "") sign(text);
  revalidatePath("/");
}

// biome-ignore lint/style/noDefaultExport: Next takes pages and layouts from a file's default export.
export default function Page() {
  return (
    <main>
      <h1>Guest book</h1>
      <ul>
        {entries().map((entry, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries have no names and keep their order.
          <li key={index}>{entry}</li>
        ))}
      </ul>
      <form action={submit}>
        <input name="text" maxLength={200} required aria-label="Your entry" />
        <button type="submit">Sign</button>
      </form>
      <Link href="/about">About</Link>
    </main>
  );
}
