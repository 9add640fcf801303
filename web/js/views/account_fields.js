/** Fields of an account that more than one form asks for. */

export const EMAIL = { name: "email", label: "E-mail", type: "email", required: true, autocomplete: "email", check: (value) =>
  /^\S+@\S+\.\S+$/.test(value.trim()) ? null : "This does not look like an e-mail address." };

export const CHOSEN_PASSWORD = { name: "password", label: "Password", type: "password", required: true, autocomplete: "new-password", hint: "At least 8 characters; a few words together are good.", check: (value) =>
  value.length >= 8 ? null : "Use at least 8 characters." };

export const USERNAME = { name: "username", label: "Username", required: true, autocomplete: "username", autocapitalize: "none", maxlength: 32, hint: "3 to 32 letters, digits, dots, hyphens or underscores.", check: (value) =>
  /^[\w.-]{3,32}$/.test(value.trim()) ? null : "Use 3 to 32 letters, digits, dots, hyphens or underscores." };

export const SHOWN_NAME = { name: "display_name", label: "Name shown to others", maxlength: 64, autocomplete: "off" };
