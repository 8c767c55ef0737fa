-- CreateTable
CREATE TABLE "accounts" (
    "user_id" TEXT NOT NULL,
    "password_hashing" TEXT NOT NULL,
    "auth_verifier" TEXT NOT NULL,
    "public_identity" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "deactivated_at" TIMESTAMPTZ(3),

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "vaults" (
    "user_id" TEXT NOT NULL,
    "counter" INTEGER NOT NULL,
    "sealed" TEXT NOT NULL,
    "wrapped_by_password" TEXT NOT NULL,
    "wrapped_by_recovery" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "vaults_pkey" PRIMARY KEY ("user_id")
);

-- CreateTable
CREATE TABLE "auth_sessions" (
    "id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "auth_sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "invites" (
    "hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "spent_by" TEXT,
    "spent_at" TIMESTAMPTZ(3),

    CONSTRAINT "invites_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "peers" (
    "domain" TEXT NOT NULL,
    "policy" TEXT NOT NULL DEFAULT 'default',
    "key_document" TEXT,
    "key_fetched_at" TIMESTAMPTZ(3),
    "key_fresh_until" TIMESTAMPTZ(3),
    "last_inbound_at" TIMESTAMPTZ(3),
    "last_success_at" TIMESTAMPTZ(3),
    "last_failure_at" TIMESTAMPTZ(3),
    "last_failure_reason" TEXT,
    "consecutive_failures" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3),
    "claimed_by" TEXT,
    "claimed_until" TIMESTAMPTZ(3),

    CONSTRAINT "peers_pkey" PRIMARY KEY ("domain")
);

-- CreateTable
CREATE TABLE "conversations" (
    "key" BIGSERIAL NOT NULL,
    "owner_domain" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "last_position" BIGINT NOT NULL DEFAULT 0,
    "revision" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "conversations_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "participants" (
    "conversation_key" BIGINT NOT NULL,
    "user_id" TEXT NOT NULL,
    "joined_at_epoch" INTEGER NOT NULL,
    "joined_by_change" BIGINT NOT NULL,
    "joined_after_position" BIGINT NOT NULL,
    "removed_at_epoch" INTEGER,
    "removed_by_change" BIGINT,
    "last_visible_position" BIGINT,
    "last_read_position" BIGINT NOT NULL DEFAULT 0,
    "accepted_at" TIMESTAMPTZ(3),

    CONSTRAINT "participants_pkey" PRIMARY KEY ("conversation_key","user_id")
);

-- CreateTable
CREATE TABLE "conversation_changes" (
    "id" BIGSERIAL NOT NULL,
    "conversation_key" BIGINT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "action" TEXT NOT NULL,
    "initiator_id" TEXT NOT NULL,
    "all_participants" TEXT[],
    "membership" TEXT,
    "membership_signature" TEXT,
    "timestamp" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "after_position" BIGINT NOT NULL,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "conversation_changes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "wrapped_session_keys" (
    "conversation_key" BIGINT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "user_id" TEXT NOT NULL,
    "encrypted_session_key" TEXT NOT NULL,

    CONSTRAINT "wrapped_session_keys_pkey" PRIMARY KEY ("conversation_key","epoch","user_id")
);

-- CreateTable
CREATE TABLE "messages" (
    "conversation_key" BIGINT NOT NULL,
    "position" BIGINT NOT NULL,
    "origin_domain" TEXT NOT NULL,
    "message_id" TEXT NOT NULL,
    "sender_id" TEXT NOT NULL,
    "payload" TEXT NOT NULL,
    "timestamp" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "messages_pkey" PRIMARY KEY ("conversation_key","position")
);

-- CreateTable
CREATE TABLE "outbox_items" (
    "id" BIGSERIAL NOT NULL,
    "destination" TEXT NOT NULL,
    "conversation_key" BIGINT NOT NULL,
    "message_id" TEXT,
    "sender_id" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "target" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,
    "first_refused_at" TIMESTAMPTZ(3),
    "last_error_code" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "settled_at" TIMESTAMPTZ(3),

    CONSTRAINT "outbox_items_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "accepted_nonces" (
    "key_id" TEXT NOT NULL,
    "nonce" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "accepted_nonces_pkey" PRIMARY KEY ("key_id","nonce")
);

-- CreateIndex
CREATE INDEX "auth_sessions_user_id_idx" ON "auth_sessions"("user_id");

-- CreateIndex
CREATE INDEX "conversations_id_idx" ON "conversations"("id");

-- CreateIndex
CREATE UNIQUE INDEX "conversations_owner_domain_id_key" ON "conversations"("owner_domain", "id");

-- CreateIndex
CREATE INDEX "participants_user_id_idx" ON "participants"("user_id");

-- CreateIndex
CREATE INDEX "conversation_changes_conversation_key_id_idx" ON "conversation_changes"("conversation_key", "id");

-- CreateIndex
CREATE UNIQUE INDEX "conversation_changes_conversation_key_content_hash_key" ON "conversation_changes"("conversation_key", "content_hash");

-- CreateIndex
CREATE UNIQUE INDEX "messages_origin_domain_message_id_key" ON "messages"("origin_domain", "message_id");

-- CreateIndex
CREATE INDEX "outbox_items_destination_state_id_idx" ON "outbox_items"("destination", "state", "id");

-- CreateIndex
CREATE INDEX "outbox_items_state_destination_conversation_key_id_idx" ON "outbox_items"("state", "destination", "conversation_key", "id");

-- CreateIndex
CREATE INDEX "outbox_items_message_id_idx" ON "outbox_items"("message_id");

-- CreateIndex
CREATE INDEX "accepted_nonces_expires_at_idx" ON "accepted_nonces"("expires_at");

-- AddForeignKey
ALTER TABLE "vaults" ADD CONSTRAINT "vaults_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "accounts"("user_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "auth_sessions" ADD CONSTRAINT "auth_sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "accounts"("user_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "participants" ADD CONSTRAINT "participants_conversation_key_fkey" FOREIGN KEY ("conversation_key") REFERENCES "conversations"("key") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "conversation_changes" ADD CONSTRAINT "conversation_changes_conversation_key_fkey" FOREIGN KEY ("conversation_key") REFERENCES "conversations"("key") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "wrapped_session_keys" ADD CONSTRAINT "wrapped_session_keys_conversation_key_fkey" FOREIGN KEY ("conversation_key") REFERENCES "conversations"("key") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "messages" ADD CONSTRAINT "messages_conversation_key_fkey" FOREIGN KEY ("conversation_key") REFERENCES "conversations"("key") ON DELETE CASCADE ON UPDATE CASCADE;
