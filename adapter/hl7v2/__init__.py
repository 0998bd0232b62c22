"""The HL7 v2 format without sockets: blocks, messages, acknowledgements."""
