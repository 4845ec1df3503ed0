/** The way in from outside of the cluster. */
import { Value } from '../manifest.ts';
import { labels } from '../parts.ts';
import type { Component } from './component.ts';

const path = (text: string, pathType: string) => ({
  path: text,
  pathType,
  backend: { service: { name: 'gateway', port: { name: 'http' } } },
});

export const INGRESS: Component = {
  name: 'ingress',
  about:
    'An Ingress with TLS for the gateway. Only the routes for apps are reachable: no metrics, no probes.',
  files: {
    ingress: [
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name: 'gateway', labels: labels('gateway', 'ingress') },
        spec: {
          ingressClassName: new Value('ingress.className', 'nginx'),
          tls: [
            {
              hosts: [new Value('ingress.host', 'tributary.example.com')],
              '#secretName': 'The certificate and its key, such as cert-manager writes them.',
              secretName: new Value('ingress.tlsSecret', 'gateway-tls'),
            },
          ],
          rules: [
            {
              host: new Value('ingress.host', 'tributary.example.com'),
              http: { paths: [path('/v1', 'Prefix'), path('/openapi.json', 'Exact')] },
            },
          ],
        },
      },
    ],
  },
};
