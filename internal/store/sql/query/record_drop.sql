INSERT INTO drops (run) SELECT {run:String}
