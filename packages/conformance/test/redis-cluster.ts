import { freePort, type RedisServer, startRedis } from "./redis-server.ts";
import { connectResp, type RespClient } from "./resp.ts";

export interface RedisCluster {
  readonly ports: readonly number[];
  /** One direct connection to each node. */
  readonly nodes: readonly RespClient[];
  kill(): Promise<void>;
}

const SLOTS = 16_384;

/** Starts primaries on this machine that share the slots, and waits until each of them says the cluster is whole. */
export async function startRedisCluster(count: number): Promise<RedisCluster> {
  const servers: RedisServer[] = [];
  const nodes: RespClient[] = [];
  const busPorts: number[] = [];
  const kill = async (): Promise<void> => {
    for (const node of nodes) node.close();
    await Promise.all(servers.map((server) => server.kill()));
  };
  try {
    for (let index = 0; index < count; index++) {
      const busPort = await freePort();
      const server = await startRedis(["--cluster-enabled", "yes", "--cluster-port", `${busPort}`, "--cluster-announce-ip", "127.0.0.1"]);
      servers.push(server);
      busPorts.push(busPort);
      nodes.push(await connectResp(server.port));
    }
    for (const [index, node] of nodes.entries()) {
      const [from, to] = [Math.floor((index * SLOTS) / count), Math.floor(((index + 1) * SLOTS) / count) - 1];
      await node.send(["CLUSTER", "ADDSLOTSRANGE", `${from}`, `${to}`]);
      if (index > 0) await node.send(["CLUSTER", "MEET", "127.0.0.1", `${servers[0]!.port}`, `${busPorts[0]!}`]);
    }
    for (const node of nodes) await untilWhole(node, count);
  } catch (error) {
    await kill();
    throw error;
  }
  return { ports: servers.map(({ port }) => port), nodes, kill };
}

async function untilWhole(node: RespClient, count: number): Promise<void> {
  const until = performance.now() + 60_000;
  for (;;) {
    const info = String(await node.send(["CLUSTER", "INFO"]));
    if (info.includes("cluster_state:ok") && info.includes(`cluster_known_nodes:${count}`)) return;
    if (performance.now() > until) throw new Error(`the cluster did not form: ${info}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
