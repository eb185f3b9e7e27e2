// Model → Offers. In: what is meant. Out: what every component tells the others about every host (ports, units,
// packages, users …). Now true: a component that wants to know what is on a host asks the offers, not a component.
import { appsOn, sectionOf, type Component, type Made, type Offer, type Offers } from './contract/component.ts';
import { Refused, type Diagnostic } from './contract/diagnostic.ts';
import type { Host, Model } from './contract/model.ts';

export interface Offered {
  readonly offers: Offers;
  readonly diagnostics: readonly Diagnostic[];
}

/** Collects the offers of all components on all hosts; order is that of the component list, then of each component. */
export function offer(components: readonly Component[], model: Model): Offered {
  const made = new Map<Host, Map<Offer['kind'], Made[]>>();
  const diagnostics: Diagnostic[] = [];
  const apps = appsOn(model);
  for (const host of model.hosts) {
    const kinds = new Map<Offer['kind'], Made[]>();
    made.set(host, kinds);
    for (const component of components) {
      if (!component.offer) continue;
      try {
        for (const one of component.offer({ host, apps: apps(host), section: sectionOf(component, model), model })) {
          const list = kinds.get(one.kind) ?? [];
          list.push({ ...one, by: component.name, host });
          kinds.set(one.kind, list);
        }
      } catch (cause) {
        if (!(cause instanceof Refused)) throw cause;
        diagnostics.push(cause.diagnostic);
      }
    }
  }
  const none: readonly Made[] = [];
  return {
    offers: { on: (host, kind) => (made.get(host)?.get(kind) ?? none) as never },
    diagnostics,
  };
}
