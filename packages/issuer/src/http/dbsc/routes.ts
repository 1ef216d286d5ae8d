import type { PeopleOffice } from '../office.ts';
import type { Route } from '../route.ts';
import { refreshByDevice, registerDevice } from './endpoints.ts';

/** The endpoints that only browsers ask, by themselves (Device Bound Session Credentials). */
export function dbscRoutes(office: PeopleOffice, base: string): readonly Route[] {
  return [
    ['POST', `${base}/dbsc/register`, (request) => registerDevice(office, request)],
    ['POST', `${base}/dbsc/refresh`, (request) => refreshByDevice(office, request)],
  ];
}
