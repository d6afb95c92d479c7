/**
 * What a NetworkPolicy can say of "the internet": everything but the ranges in which a cluster, its nodes, its cloud and its
 * neighbours have addresses (IANA special-purpose registries). It cannot know a cluster that uses public addresses inside:
 * Pods, Services, nodes or an apiserver that have one are reachable from agents as they are from everywhere else.
 */
export const PUBLIC_ADDRESSES = [
  {
    cidr: '0.0.0.0/0',
    except: [
      '0.0.0.0/8', // this host
      '10.0.0.0/8', // private
      '100.64.0.0/10', // carrier-grade NAT; Pods and metadata of some clouds
      '127.0.0.0/8', // loopback
      '168.63.129.16/32', // metadata of Azure, on a public address
      '169.254.0.0/16', // link-local, with the metadata of most clouds
      '172.16.0.0/12', // private
      '192.0.0.0/24', // protocol assignments, with the metadata of Oracle
      '192.0.2.0/24', // documentation
      '192.88.99.0/24', // 6to4 relays
      '192.168.0.0/16', // private
      '198.18.0.0/15', // benchmarks
      '198.51.100.0/24', // documentation
      '203.0.113.0/24', // documentation
      '224.0.0.0/4', // multicast
      '240.0.0.0/4', // reserved, and broadcast
    ],
  },
  {
    // All of IPv6 that is routed in public. Outside of it: loopback, mapped IPv4, NAT64, private, link-local, multicast.
    cidr: '2000::/3',
    except: [
      '2001::/32', // Teredo: an IPv4 address inside
      '2001:db8::/32', // documentation
      '2002::/16', // 6to4: an IPv4 address inside
    ],
  },
] as const;
