DELETE FROM events_raw WHERE run = {run:String}
