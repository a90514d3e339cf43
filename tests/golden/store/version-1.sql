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
INSERT INTO "answers" VALUES('44c009d4e3b0829bb23fb9e63af4b67b','mx.d.test','here','mx.d.test:25','192.0.2.1','rcpt',550,'5.1.1','<> unknown',0.0,1800000000.0);
CREATE TABLE askings (
	subject VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	vantage VARCHAR NOT NULL, 
	asked_at FLOAT, 
	claimed_at FLOAT, 
	claimed_by VARCHAR NOT NULL, 
	PRIMARY KEY (subject, host, vantage)
);
INSERT INTO "askings" VALUES('44c009d4e3b0829bb23fb9e63af4b67b','mx.d.test','',1800000000.0,NULL,'');
CREATE TABLE controls (
	login VARCHAR NOT NULL, 
	good_at FLOAT NOT NULL, 
	PRIMARY KEY (login)
);
INSERT INTO "controls" VALUES('e4dd7fc694c0d91742c54f628b803e64',1800000000.0);
CREATE TABLE house (
	name VARCHAR NOT NULL, 
	value BLOB NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "house" VALUES('key',X'744E44CAB4162AFEECFF8C5415F0C5476349B611D4D3BB468C5102702F5BBF5D');
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
INSERT INTO "sign_ins" VALUES(1,'e4dd7fc694c0d91742c54f628b803e64','print','login','reserved',1800000000.0,NULL,'');
CREATE INDEX sign_ins_by_time ON sign_ins (reserved_at);
CREATE INDEX sign_ins_by_login ON sign_ins (login, reserved_at);
CREATE INDEX sessions_by_host ON sessions (host, began_at);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('sign_ins',1);
INSERT INTO "sqlite_sequence" VALUES('sessions',1);
COMMIT;
PRAGMA user_version = 1;
