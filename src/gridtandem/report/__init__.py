"""Telling: what a run returns to a person. Tables, pictures and sentences from results; nothing is computed about a grid here.

One room for each thing that is told: flow, dispatch, market, reserve, margin, contingency, batch, experiment, renewables, architecture.
What is alike for all of them stands at the top: `front` opens, `run` is held, `words`, `tables`, `documents`, `style` and `drawing` tell;
`kinds` holds one record for each kind of study.

May import: study and below, and architecture, for reading; matplotlib and pandas on use.
"""
