/**
 * Bodies in formats of their own: GraphQL queries, and product feeds in XML.
 *
 * @module
 */

/** What apps and partners ask the GraphQL endpoint. */
export const catalogueQueries: readonly unknown[] = [
  { query: "{ products { id name price } }" },
  { query: "query Products {\n  products {\n    id\n    name\n    category\n    price\n  }\n}", operationName: "Products", variables: {} },
  {
    operationName: "ProductById",
    variables: { id: 16 },
    query: "query ProductById($id: ID!) {\n  product(id: $id) {\n    id\n    name\n    description\n    price\n    __typename\n  }\n}",
  },
  { query: "query ($category: String) { products(category: $category) { id name } }", variables: { category: "kitchen" } },
  { query: 'query { products(category: "books") { id name price description } }' },
  { query: "{ first: product(id: 1) { name price } second: product(id: 2) { name price } third: product(id: 3) { name price } }" },
  {
    query:
      "query Home { picks: products { ...Card } latest: reviews { name text } }\nfragment Card on Product { id name price __typename }",
    operationName: "Home",
  },
  { query: "{ reviews { product_id name text } }" },
  { query: '# reviews of the day, newest first\n{ reviews { name text } products(category: "garden") { id } }' },
  {
    query: "query Search($text: String!, $max: Int = 10) { products { id name } reviews { text } }",
    variables: { text: "select a size or drop by; it's <20 €", max: 5 },
  },
  { query: "{ products @include(if: true) { id name } }" },
  [{ query: "{ product(id: 7) { name } }" }, { query: "{ product(id: 8) { name } }" }, { query: "{ reviews { text } }" }],
  {
    query: "query Product($id: ID!) { product(id: $id) { name } }",
    variables: { id: "21" },
    extensions: { persistedQuery: { version: 1, sha256Hash: "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38" } },
  },
  { query: "subscription { products { id price } }" },
  { query: "{\n  product(id: 23) {\n    name\n    priceInCents: price\n    about: description\n  }\n}\n", variables: null },
];

/** What suppliers and accounting programs upload. */
export const productFeeds: readonly string[] = [
  '<?xml version="1.0" encoding="UTF-8"?>\n<products>\n  <product sku="HP-0001"><name>Enamel mug</name><price currency="EUR">14.50</price></product>\n  <product sku="HP-0016"><name>Cast iron skillet 26 cm</name><price currency="EUR">49.50</price></product>\n</products>\n',
  '<?xml version="1.0"?><rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Harbour &amp; Pine</title><link>https://shop.example/</link><item><g:id>3</g:id><title>Trail lantern 300 lm</title><link>https://shop.example/product/3?utm_source=feed&amp;utm_medium=cpc</link><g:price>54.50 EUR</g:price><g:availability>in_stock</g:availability></item></channel></rss>',
  '<catalog><item><title>O\'Reilly&apos;s Field Guide to Tides</title><note><![CDATA[Spring, neap <and> everything between; "5 < 6" & so on]]></note></item></catalog>',
  '<?xml version="1.0" encoding="UTF-8"?>\n<!-- export of 2025-11-17, do not edit by hand (really) -->\n<feed xmlns="http://www.w3.org/2005/Atom"><title>Änderungen</title><entry><id>urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a</id><title>Wolldecke, ungefärbt – jetzt 10 % günstiger</title><updated>2025-11-17T08:00:00Z</updated></entry></feed>',
  '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Header/><soap:Body><UpdateStock xmlns="urn:stock"><Sku>HP-0007</Sku><Left xsi:type="int">17</Left><Remark>select new supplier; drop old one from list</Remark></UpdateStock></soap:Body></soap:Envelope>',
  '<products><product><name lang="ja">鋳鉄フライパン</name><name lang="ru">Чугунная сковорода</name><name lang="ar">مقلاة حديد</name><weight unit="kg">2.3</weight></product></products>',
  "<methodCall><methodName>catalog.update</methodName><params><param><value><struct><member><name>price</name><value><double>14.5</double></value></member></struct></value></param></params></methodCall>",
  `<products>${Array.from({ length: 24 }, (_, index) => `<product id="${index + 1}"><stock>${(index * 7) % 23}</stock></product>`).join("")}</products>`,
  '<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><title>icon of the feed</title><path d="M4 4h16v16H4z"/></svg>',
  "<order><customer>Siobhán O'Brien &amp; Sons</customer><line qty=\"2\">Enamel mug &quot;Harbour&quot;</line><comment>Ring twice -- dog's harmless &lt;3</comment></order>",
];
