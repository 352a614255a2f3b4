interface Context {
  readonly params: Promise<{ readonly name: string }>;
}

/** Counts an upload without keeping it. */
export async function PUT(request: Request, { params }: Context): Promise<Response> {
  const { name } = await params;
  return Response.json({ name, bytes: (await request.arrayBuffer()).byteLength }, { status: 201 });
}
