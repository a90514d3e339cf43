"""The pages that a browser opens: a shell in the visitor's language. What changes comes from the API, read by `static/*.js`."""
