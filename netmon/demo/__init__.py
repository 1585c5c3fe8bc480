"""A simulated province: real SNMP agents on loopback, with day-shaped traffic and a scripted incident."""
