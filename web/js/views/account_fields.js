/** Fields of an account that more than one form asks for. */

export const EMAIL = { name: "email", label: "E-mail", type: "email", required: true, autocomplete: "email", check: (value) =>
  /^\S+@\S+\.\S+$/.test(value.trim()) ? null : "This does not look like an e-mail address." };

export const CHOSEN_PASSWORD = { name: "password", label: "Password", type: "password", required: true, autocomplete: "new-password", hint: "At least 8 characters; a few words together are good.", check: (value) =>
  value.length >= 8 ? null : "Use at least 8 characters." };
