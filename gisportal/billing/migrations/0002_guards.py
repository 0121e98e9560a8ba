"""The database's own word on money: whose it is, that it balances, that it stays."""

from django.db import migrations

from layers.geography.tenancy import RowSecurity

TABLES = (
    "account",
    "bill",
    "billline",
    "callback",
    "ledgeraccount",
    "ledgerentry",
    "ledgertransaction",
    "numberseries",
    "payment",
    "paymentevent",
    "receipt",
)
APPENDED_ONLY = (
    "bill",
    "billline",
    "callback",
    "ledgerentry",
    "ledgertransaction",
    "paymentevent",
    "receipt",
)

# Checked at commit. The tenant may have changed since the rows were written, so the
# check sets its own; an entry of another municipality's transaction finds no partner
# there and is refused.
BALANCED = """
CREATE FUNCTION billing_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tenant text := coalesce(current_setting('app.municipality', true), '');
    looked_at bigint := (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
    total numeric;
    entries bigint;
BEGIN
    PERFORM set_config('app.municipality', NEW.municipality_id::text, true);
    SELECT sum(entry.amount_minor), count(entry.id) INTO total, entries
      FROM billing_ledgertransaction AS posted
      JOIN billing_ledgerentry AS entry ON entry.transaction_id = posted.id
     WHERE posted.id = looked_at;
    PERFORM set_config('app.municipality', tenant, true);
    IF entries < 2 OR total <> 0 THEN
        RAISE EXCEPTION 'Ledger transaction % does not balance: % entries sum to %.',
            looked_at, entries, coalesce(total, 0)
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON billing_ledgerentry
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing_balanced('transaction_id');
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON billing_ledgertransaction
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION billing_balanced('id');
"""

KEPT = """
CREATE FUNCTION billing_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Rows of % are never changed or deleted; add a correcting row.',
        TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
CREATE FUNCTION billing_payment_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.municipality_id, NEW.account_id, NEW.reference, NEW.method,
        NEW.amount_minor, NEW.currency, NEW.gateway, NEW.created_at)
       IS DISTINCT FROM
       (OLD.id, OLD.municipality_id, OLD.account_id, OLD.reference, OLD.method,
        OLD.amount_minor, OLD.currency, OLD.gateway, OLD.created_at)
       OR (OLD.status = 'settled' AND NEW.status <> 'settled')
       OR (OLD.transaction IS NOT NULL
           AND NEW.transaction IS DISTINCT FROM OLD.transaction)
    THEN
        RAISE EXCEPTION 'Payment % keeps its amount, account and settlement.', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER kept BEFORE DELETE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION billing_kept();
CREATE TRIGGER payment_kept BEFORE UPDATE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION billing_payment_kept();
"""

UNDO = """
DROP TRIGGER balanced ON billing_ledgerentry;
DROP TRIGGER balanced ON billing_ledgertransaction;
DROP TRIGGER kept ON billing_payment;
DROP TRIGGER payment_kept ON billing_payment;
DROP FUNCTION billing_balanced();
DROP FUNCTION billing_payment_kept();
"""


def keep(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON billing_{table}"
        " FOR EACH ROW EXECUTE FUNCTION billing_kept()",
        f"DROP TRIGGER kept ON billing_{table}",
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [
        *(RowSecurity(f"billing_{table}") for table in TABLES),
        migrations.RunSQL(
            migrations.RunSQL.noop, "DROP FUNCTION IF EXISTS billing_kept()"
        ),
        migrations.RunSQL(BALANCED + KEPT, UNDO),
        *(keep(table) for table in APPENDED_ONLY),
    ]
