-- Why: whoever opens a kept comparison wants to know whether the books are still those that it was made from.

alter table comparisons add column books_mark {text} not null default '';
