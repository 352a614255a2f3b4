import { getHost } from "../../host.ts";

export default getHost().waf ?? false;
