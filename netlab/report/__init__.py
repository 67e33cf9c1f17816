"""The only author of tables, JSON, HTML, JUnit, DOT and Mermaid."""
