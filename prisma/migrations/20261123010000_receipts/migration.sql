-- AlterTable
ALTER TABLE "accounts" ADD COLUMN "receipts" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN "typing" BOOLEAN NOT NULL DEFAULT true;

-- AlterTable
ALTER TABLE "participants" ADD COLUMN "delivered_position" BIGINT NOT NULL DEFAULT 0;

-- What was read before is on a device; nobody is told of it afterwards.
UPDATE "participants" SET "delivered_position" = "last_read_position" WHERE "last_read_position" > 0;

-- CreateTable
CREATE TABLE "receipt_dues" (
    "destination" TEXT NOT NULL,
    "conversation_key" BIGINT NOT NULL,
    "user_id" TEXT NOT NULL,
    "delivered_after" BIGINT NOT NULL,
    "delivered_up_to" BIGINT NOT NULL,
    "delivered_at" TIMESTAMPTZ(3) NOT NULL,
    "read_after" BIGINT NOT NULL,
    "read_up_to" BIGINT NOT NULL,
    "read_at" TIMESTAMPTZ(3) NOT NULL,
    "accepted_at" TIMESTAMPTZ(3),
    "due_since" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "receipt_dues_pkey" PRIMARY KEY ("destination","conversation_key","user_id")
);

-- CreateIndex
CREATE INDEX "receipt_dues_user_id_idx" ON "receipt_dues"("user_id");
