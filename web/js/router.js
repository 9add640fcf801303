/** Where the person is, told by the address: `#/`, `#/c/<community>`, `#/c/<community>/r/<room>`. */

import { changed, state } from "./state.js";

const PATTERN = /^#\/c\/([\w-]+)(?:\/r\/([\w-]+))?$/;

export const communityAddress = (communityId) => `#/c/${communityId}`;
export const roomAddress = (communityId, roomId) => `#/c/${communityId}/r/${roomId}`;
export const go = (address) => void (location.hash = address);

/** Keep `state.route` equal to the address. @param {(route: {community: ?string, room: ?string}) => void} onRoute */
export function followAddress(onRoute) {
  const read = () => {
    const [, community = null, room = null] = PATTERN.exec(location.hash) ?? [];
    if (state.route.community === community && state.route.room === room) return;
    state.route = { community, room };
    changed("route");
    onRoute(state.route);
  };
  addEventListener("hashchange", read);
  return read;
}
