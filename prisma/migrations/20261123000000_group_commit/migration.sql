-- A message says where it goes, and the outbox holds only what has not arrived there.
ALTER TABLE "messages" ADD COLUMN "destinations" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];

UPDATE "messages" m SET "destinations" = sent.destinations
FROM (
    SELECT "conversation_key", "message_id", "sender_id", array_agg(DISTINCT "destination" ORDER BY "destination") AS destinations
    FROM "outbox_items" WHERE "message_id" IS NOT NULL GROUP BY 1, 2, 3
) sent
WHERE m."conversation_key" = sent."conversation_key" AND m."message_id" = sent."message_id" AND m."sender_id" = sent."sender_id";

-- A message is held once, in the order of its own table; a change keeps its body. Narrow columns first: padding is paid per row.
ALTER TABLE "outbox_items" RENAME TO "outbox_items_before";
ALTER SEQUENCE "outbox_items_id_seq" RENAME TO "outbox_items_before_id_seq";
ALTER TABLE "outbox_items_before" RENAME CONSTRAINT "outbox_items_pkey" TO "outbox_items_before_pkey";

CREATE TABLE "outbox_items" (
    "id" BIGSERIAL NOT NULL,
    "conversation_key" BIGINT NOT NULL,
    "position" BIGINT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "next_attempt_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "full_only" BOOLEAN NOT NULL DEFAULT false,
    "destination" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "sender_id" TEXT,
    "method" TEXT,
    "target" TEXT,
    "body" TEXT,
    "first_refused_at" TIMESTAMPTZ(3),
    "last_error_code" TEXT,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_items_pkey" PRIMARY KEY ("destination", "state", "id")
);

-- A delivery whose message is gone goes out as it was written.
INSERT INTO "outbox_items" (
    "id", "conversation_key", "position", "created_at", "next_attempt_at", "attempts", "full_only", "destination", "state",
    "sender_id", "method", "target", "body", "first_refused_at", "last_error_code", "settled_at")
SELECT o."id", o."conversation_key", m."position", o."created_at",
    CASE WHEN o."state" = 'queued' AND o."attempts" > 0 THEN o."next_attempt_at" END,
    o."attempts", o."full_only", o."destination", o."state",
    CASE WHEN m."position" IS NULL THEN o."sender_id" END, CASE WHEN m."position" IS NULL THEN o."method" END,
    CASE WHEN m."position" IS NULL THEN o."target" END, CASE WHEN m."position" IS NULL THEN o."body" END,
    o."first_refused_at", o."last_error_code", o."settled_at"
FROM "outbox_items_before" o
LEFT JOIN "messages" m
    ON m."conversation_key" = o."conversation_key" AND m."message_id" = o."message_id" AND m."sender_id" = o."sender_id"
WHERE o."state" <> 'delivered';

SELECT setval('"outbox_items_id_seq"', GREATEST((SELECT max("id") FROM "outbox_items_before"), 1));
DROP TABLE "outbox_items_before";

CREATE INDEX "outbox_items_conversation_key_position_idx" ON "outbox_items"("conversation_key", "position");

-- What was refused by itself and waits: few rows of a queue, so that nobody walks the queue to find the first of them, or
-- those that hold back what is behind them in their conversation.
CREATE INDEX "outbox_items_waiting_idx" ON "outbox_items"("destination", "next_attempt_at") WHERE "next_attempt_at" IS NOT NULL;
CREATE INDEX "outbox_items_blocking_idx" ON "outbox_items"("destination", "conversation_key", "id") WHERE "next_attempt_at" IS NOT NULL;

-- Rows come and go all the time: dead ones are cleared away long before a fifth of a deep queue is dead.
ALTER TABLE "outbox_items" SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

-- The last position rises with every message: with room in the page no index hears of it.
ALTER TABLE "conversations" SET (fillfactor = 60);

-- The circuit of a peer, and whom to look at when an instant has come.
ALTER TABLE "peers" ADD COLUMN "recent_failures" TIMESTAMPTZ(3)[] NOT NULL DEFAULT ARRAY[]::TIMESTAMPTZ(3)[];
ALTER TABLE "peers" ADD COLUMN "circuit_opened_at" TIMESTAMPTZ(3);
CREATE INDEX "peers_held_idx" ON "peers"("next_attempt_at") WHERE "next_attempt_at" IS NOT NULL;
CREATE INDEX "peers_claimed_idx" ON "peers"("claimed_until") WHERE "claimed_by" IS NOT NULL;

-- Every message is written while the row of its conversation is locked, and conversations are never taken away: to look
-- each one up once more costs a tenth of an insert.
ALTER TABLE "messages" DROP CONSTRAINT "messages_conversation_key_fkey";
