/** The browser's side of passkeys: making one and signing with one, and why it did not work in words. No requests and no page. */

const REASONS = {
  NotAllowedError: "No passkey was chosen, or it took too long. Try again.",
  InvalidStateError: "This device has a passkey for your account already.",
  SecurityError: "Passkeys do not work at this address. Open the site by its name, as in localhost instead of 127.0.0.1.",
  NotSupportedError: "This device cannot make such a passkey.",
};

/** Whether the browser knows passkeys at all. */
export const passkeysWork = () => Boolean(globalThis.PublicKeyCredential?.parseCreationOptionsFromJSON);

/** Make a passkey. @param {{publicKey: object}} options from the server @returns {Promise<object>} what the server wants to know of it */
export const makePasskey = ({ publicKey }) =>
  tried(() => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) }));

/** Sign with a passkey. @param {{publicKey: object}} options from the server @returns {Promise<object>} the signature and what belongs to it */
export const signWithPasskey = ({ publicKey }) =>
  tried(() => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) }));

async function tried(act) {
  if (!passkeysWork()) throw new Error("This browser knows no passkeys. Use a newer one, or another way to sign in.");
  try {
    return (await act()).toJSON();
  } catch (problem) {
    throw new Error(REASONS[problem.name] ?? "The passkey did not work. Try again.");
  }
}
