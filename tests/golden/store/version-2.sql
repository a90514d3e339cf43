-- A store as the program of version 2 left it, dumped with sqlite3's iterdump: a refused login, an answer, a session,
-- an unread bounce, a read one and its test mail.
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE answers (
	subject VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	vantage VARCHAR NOT NULL, 
	server VARCHAR NOT NULL, 
	ip VARCHAR NOT NULL, 
	stage VARCHAR NOT NULL, 
	code INTEGER NOT NULL, 
	enhanced VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	took FLOAT NOT NULL, 
	at FLOAT NOT NULL, 
	PRIMARY KEY (subject, host, vantage)
);
INSERT INTO "answers" VALUES('f4db38e94c454d84282f9835f15cc86c','mx.d.test','here','mx.d.test:25','192.0.2.1','rcpt',550,'5.1.1','<> unknown',0.0,1800000000.0);
CREATE TABLE askings (
	subject VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	vantage VARCHAR NOT NULL, 
	asked_at FLOAT, 
	claimed_at FLOAT, 
	claimed_by VARCHAR NOT NULL, 
	PRIMARY KEY (subject, host, vantage)
);
INSERT INTO "askings" VALUES('f4db38e94c454d84282f9835f15cc86c','mx.d.test','',1800000000.0,NULL,'');
CREATE TABLE canaries (
	id VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	"of" VARCHAR NOT NULL, 
	account VARCHAR NOT NULL, 
	vantage VARCHAR NOT NULL, 
	sender VARCHAR NOT NULL, 
	number VARCHAR NOT NULL, 
	consent VARCHAR NOT NULL, 
	planned_at FLOAT NOT NULL, 
	state VARCHAR NOT NULL, 
	changed_at FLOAT NOT NULL, 
	watched BOOLEAN NOT NULL, 
	uidvalidity INTEGER, 
	uidnext INTEGER, 
	sent_at FLOAT, 
	server VARCHAR NOT NULL, 
	ip VARCHAR NOT NULL, 
	reply VARCHAR NOT NULL, 
	stage VARCHAR NOT NULL, 
	folder VARCHAR, 
	mailbox VARCHAR NOT NULL, 
	uid INTEGER, 
	found_at FLOAT, 
	took FLOAT, 
	PRIMARY KEY (id)
);
INSERT INTO "canaries" VALUES('c1','f4db38e94c454d84282f9835f15cc86c','target','tanaka','here','b-x@bounce.test','4821','enrolled',1800000000.0,'planned',1800000000.0,0,NULL,NULL,NULL,'','','','',NULL,'',NULL,NULL,NULL);
CREATE TABLE controls (
	login VARCHAR NOT NULL, 
	good_at FLOAT NOT NULL, 
	PRIMARY KEY (login)
);
INSERT INTO "controls" VALUES('d0a26c93546cea785b9eb4c00876e6f0',1800000000.0);
CREATE TABLE house (
	name VARCHAR NOT NULL, 
	value BLOB NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "house" VALUES('key',X'6CCB162BC59A9565F939B7497EA649FE4EA10DECD5C19795578BA1551D34EE45');
CREATE TABLE inbox (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	digest VARCHAR NOT NULL, 
	mailbox VARCHAR NOT NULL, 
	day INTEGER NOT NULL, 
	null_sender INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	raw BLOB, 
	state VARCHAR NOT NULL, 
	tries INTEGER NOT NULL, 
	not_before FLOAT NOT NULL, 
	UNIQUE (digest)
);
INSERT INTO "inbox" VALUES(1,'979e6f9c50f8df6a94e4c5d9df7cc510','',0,1,1800000000.0,X'46726F6D3A20780D0A0D0A626F756E6365','',0,0.0);
CREATE TABLE marks (
	mailbox VARCHAR NOT NULL, 
	uidvalidity INTEGER NOT NULL, 
	uid INTEGER NOT NULL, 
	PRIMARY KEY (mailbox)
);
INSERT INTO "marks" VALUES('4220933579b5b1658b25cfc853ecd63a',7,12);
CREATE TABLE returns (
	"key" VARCHAR NOT NULL, 
	mailbox VARCHAR NOT NULL, 
	canary VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	recipient VARCHAR NOT NULL, 
	remote VARCHAR NOT NULL, 
	stage VARCHAR NOT NULL, 
	code INTEGER NOT NULL, 
	enhanced VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	at FLOAT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "returns" VALUES('c1:failed','f4db38e94c454d84','c1','failed','f4db38e94c454d84282f9835f15cc86c','','after_acceptance',550,'','no <>',1800000000.0);
CREATE TABLE sessions (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	host VARCHAR NOT NULL, 
	began_at FLOAT NOT NULL, 
	left_at FLOAT
);
INSERT INTO "sessions" VALUES(1,'mx.d.test',1800000000.0,NULL);
CREATE TABLE sign_ins (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	login VARCHAR NOT NULL, 
	secret VARCHAR NOT NULL, 
	stage VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	reserved_at FLOAT NOT NULL, 
	ended_at FLOAT, 
	words VARCHAR NOT NULL
);
INSERT INTO "sign_ins" VALUES(1,'d0a26c93546cea785b9eb4c00876e6f0','6d6e6baf90ee658532efe7c5d37d7861','login','refused',1800000000.0,1800000001.0,'NO [AUTHENTICATIONFAILED]');
CREATE INDEX sign_ins_by_login ON sign_ins (login, reserved_at);
CREATE INDEX sign_ins_by_time ON sign_ins (reserved_at);
CREATE INDEX canaries_by_state ON canaries (state, changed_at);
CREATE INDEX canaries_by_subject ON canaries (subject, planned_at);
CREATE INDEX sessions_by_host ON sessions (host, began_at);
CREATE INDEX inbox_by_state ON inbox (state, not_before);
CREATE INDEX inbox_by_time ON inbox (at);
CREATE INDEX returns_by_canary ON returns (canary);
CREATE INDEX returns_by_mailbox ON returns (mailbox, at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('sign_ins',1);
INSERT INTO "sqlite_sequence" VALUES('sessions',1);
INSERT INTO "sqlite_sequence" VALUES('inbox',1);
COMMIT;
