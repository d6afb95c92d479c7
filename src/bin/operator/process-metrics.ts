import { readdirSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from '@prometheus-io/client';

/**
 * Metrics of the process under the names that Prometheus' own clients use. Read only when asked for: the library's
 * collection samples the event loop all the time, which costs more than an operator at rest does.
 */
export function registerProcessMetrics(registry: Registry): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number | Promise<number>): void => {
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set(await read());
      },
    });
  };
  gauge('process_resident_memory_bytes', 'Memory of the process', () => process.memoryUsage.rss());
  gauge('process_start_time_seconds', 'When the process began, since 1970', () => performance.timeOrigin / 1000);
  gauge('process_open_fds', 'Open file descriptors; 0 where the system has no /proc', countOpenFiles);
  gauge('nodejs_heap_size_used_bytes', 'JavaScript objects in memory', () => process.memoryUsage().heapUsed);
  gauge('nodejs_eventloop_lag_seconds', 'Time that a callback waited for its turn just now', measureLag);
  let last = performance.eventLoopUtilization();
  gauge('nodejs_eventloop_utilization', 'Share of the time since the last reading that the event loop was busy', () => {
    const since = last;
    last = performance.eventLoopUtilization();
    return performance.eventLoopUtilization(last, since).utilization;
  });
  let counted = 0;
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Time on a processor',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      const seconds = (user + system) / 1e6;
      this.inc(seconds - counted);
      counted = seconds;
    },
  });
}

function countOpenFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

async function measureLag(): Promise<number> {
  const startMs = performance.now();
  await new Promise(setImmediate);
  return (performance.now() - startMs) / 1000;
}
