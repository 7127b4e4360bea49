-- What the calls of a workflow cost goes with it. Its own budget before those of its stages, which is the order in which calls lock them; '0' is what follows '/'.
CREATE FUNCTION forget_budgets() RETURNS trigger LANGUAGE plpgsql AS $forget_budgets$
BEGIN
    DELETE FROM budgets b USING gone WHERE b.key = 'workflow/' || gone.id::text;
    DELETE FROM budgets b USING gone WHERE b.key > 'workflow/' || gone.id::text || '/' AND b.key < 'workflow/' || gone.id::text || '0';
    RETURN NULL;
END
$forget_budgets$;

CREATE TRIGGER workflows_forget_budgets AFTER DELETE ON workflows REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION forget_budgets();
