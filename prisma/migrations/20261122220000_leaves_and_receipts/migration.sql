-- AlterTable
ALTER TABLE "conversation_changes" ADD COLUMN "leave_signature" TEXT;

-- AlterTable
ALTER TABLE "outbox_items" ADD COLUMN "full_only" BOOLEAN NOT NULL DEFAULT false;

-- CreateTable
CREATE TABLE "message_receipts" (
    "conversation_key" BIGINT NOT NULL,
    "position" BIGINT NOT NULL,
    "user_id" TEXT NOT NULL,
    "delivered_at" TEXT NOT NULL,
    "read_at" TEXT,

    CONSTRAINT "message_receipts_pkey" PRIMARY KEY ("conversation_key","position","user_id")
);

-- AddForeignKey
ALTER TABLE "message_receipts" ADD CONSTRAINT "message_receipts_conversation_key_position_fkey" FOREIGN KEY ("conversation_key", "position") REFERENCES "messages"("conversation_key", "position") ON DELETE CASCADE ON UPDATE CASCADE;
